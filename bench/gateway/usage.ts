import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children have used since they began. */
export interface Usage {
  /** Seconds of processor time, user and system. */
  readonly cpu: number;
  /** Bytes in memory now. */
  readonly rss: number;
}

/** Ticks a second of /proc/<pid>/stat (USER_HZ, 100 on Linux whatever the kernel's own tick is). */
const TICKS = 100;
const PAGE = 4_096;

/** From /proc (proc_pid_stat(5)); fine to 10 ms, which is little beside the seconds of a round. */
export function usageOf(pid: number): Usage {
  let [cpu, rss] = [0, 0];
  for (const one of [pid, ...childrenOf(pid)]) {
    // The name, in brackets, may hold spaces.
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ')[1]!.split(' ');
    cpu += (Number(fields[11]) + Number(fields[12])) / TICKS;
    rss += Number(fields[21]) * PAGE;
  }
  return { cpu, rss };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .flatMap((text) => (text === '' ? [] : [Number(text), ...childrenOf(Number(text))]));
}
