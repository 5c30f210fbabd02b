import { openAggregate } from '../../../../../outbox/aggregated-record.ts';
import { kinesisPublisher as open } from '../../../../../relay/kinesis-publisher.ts';

export * from '../../../../../relay/kinesis-publisher.ts';

/** What is packed into one record goes as records of their own in the same request. */
export const kinesisPublisher: typeof open = (...given) => {
  const publisher = open(...given);
  return {
    ...publisher,
    async publish(records) {
      const parts = records.map(({ key, data }) =>
        (openAggregate(data) ?? [data]).map((one) => ({ key, data: one })),
      );
      const outcome = await publisher.publish(parts.flat());
      if (outcome.kind !== 'answered') return outcome;
      const answers = [...outcome.records];
      const whole = parts.map(({ length }) => {
        const ofPart = answers.splice(0, length);
        return ofPart.find(({ kind }) => kind === 'failed') ?? ofPart[0]!;
      });
      return { kind: 'answered', records: whole };
    },
  };
};
