import { ok, problem, unknown, type Said } from '../finding.ts';

/** What an action of IAM was answered with. */
export type RightAnswer =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'other'; readonly message: string };

/** Whether the relay may do what it does. `how` says by what it was found out. */
export function right(
  action: string,
  answer: RightAnswer,
  { stream, how }: { stream: string; how: string },
): Said {
  const statement = JSON.stringify({
    Effect: 'Allow',
    Action: action,
    Resource: `arn:aws:kinesis:<region>:<account>:stream/${stream}`,
  });
  if (answer.kind === 'allowed') return ok(`${action} is allowed (${how})`);
  if (answer.kind === 'denied')
    return problem(`${action} is denied: ${answer.message}`, `${action} for the relay's role`, statement);
  return unknown(
    `${action}: ${answer.message}`,
    'an answer that tells allowed from denied',
    `make the stream reachable with the relay's credentials, and look again; or ask IAM: aws iam simulate-principal-policy --action-names ${action} --policy-source-arn <role>`,
  );
}
