/** What `banyan doctor` looks at, and what it says of it. */
export { CHECKS, diagnose, type Patient } from './diagnose.ts';
export { isSound, type Finding, type Level } from './finding.ts';
