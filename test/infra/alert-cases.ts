/** One run of the rules over made-up series, and what must then be firing. */
export interface AlertCase {
  /** A sentence: what there is. */
  readonly when: string;
  /** Series with their samples, in promtool's notation (`0+10x30`: 0, 10, …, 300), one sample a step. */
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked at, from the first sample on. */
  readonly at: string;
  /** Labels that the firing alerts have, besides others; empty: nothing fires. */
  readonly fires: readonly Readonly<Record<string, string>>[];
  /** Between two samples and two evaluations; `1m` unless given. */
  readonly step?: string;
}

const at = (job: string, instance = 'a') => `job="${job}",instance="${instance}"`;
const GATEWAY = at('banyan-gateway');
const ALWAYS = '1x200';

/** What every gateway with the context `inventory` shows. */
const gateway = {
  [`banyan_gateway_upstream_info{${GATEWAY},upstream="monolith",role="monolith"}`]: ALWAYS,
  [`banyan_gateway_upstream_info{${GATEWAY},upstream="stock",role="extracted"}`]: ALWAYS,
  [`banyan_gateway_upstream_info{${GATEWAY},role="gateway"}`]: ALWAYS,
  [`banyan_gateway_context_info{${GATEWAY},context="inventory",upstream="stock",reads="canary",writes="legacy"}`]:
    ALWAYS,
};
const requests = (upstream: string, status: string, samples: string) => ({
  [`banyan_gateway_requests_total{${GATEWAY},${upstream && `upstream="${upstream}",`}context="inventory",kind="read",status="${status}"}`]:
    samples,
});
const fallbacks = (samples: string) => ({
  [`banyan_gateway_fallbacks_total{${GATEWAY},context="inventory"}`]: samples,
});
const inventory = [{ context: 'inventory' }];

/** Reads of an upstream, 60 a minute, all within this bucket. */
const reads = (upstream: string, seconds: string, samples = '0+60x200') => ({
  ...Object.fromEntries(
    ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '+Inf'].map((le) => [
      `banyan_gateway_request_seconds_bucket{${GATEWAY},upstream="${upstream}",context="inventory",kind="read",le="${le}"}`,
      le === '+Inf' || Number(le) >= Number(seconds) ? samples : '0x200',
    ]),
  ),
});

const shadow = (samples: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(samples).map(([outcome, values]) => [
      `banyan_gateway_shadow_total{${GATEWAY},context="inventory",outcome="${outcome}"}`,
      values,
    ]),
  );

/** An alert on one gauge: fires above, or for NaN, and neither below nor in less time than `for`. */
function gauge(
  metric: string,
  { good, bad, after, fires }: { good: string; bad: string[]; after: string; fires?: AlertCase['fires'] },
): AlertCase[] {
  return [
    ...bad.map((value) => ({
      when: `${metric} is ${value}`,
      series: { [metric]: Array(60).fill(value).join(' ') },
      at: after,
      fires: fires ?? [{}],
    })),
    { when: `${metric} is ${good}`, series: { [metric]: `${good}x60` }, at: after, fires: [] },
  ];
}

/** A target that is up, and one that isn't. */
const down = (job: string): AlertCase[] => [
  {
    when: 'one of two is down',
    series: { [`up{${at(job, 'a')}}`]: '0x10', [`up{${at(job, 'b')}}`]: '1x10' },
    at: '2m',
    fires: [{ instance: 'a' }],
  },
  {
    when: 'it answers again within a minute',
    series: { [`up{${at(job)}}`]: '1 0 1x10' },
    at: '3m',
    fires: [],
  },
];

export const gatewayCases: Readonly<Record<string, readonly AlertCase[]>> = {
  BanyanGatewayDown: down('banyan-gateway'),
  BanyanGatewayMissing: [
    { when: 'there is no target', series: { [`up{${at('other')}}`]: '1x10' }, at: '3m', fires: [{}] },
    { when: 'there is one, though down', series: { [`up{${GATEWAY}}`]: '0x10' }, at: '3m', fires: [] },
  ],
  BanyanGatewayNotReady: [
    {
      when: 'it has no snapshot',
      series: { [`up{${GATEWAY}}`]: '1x10', [`banyan_gateway_ready{${GATEWAY}}`]: '0x10' },
      at: '2m',
      fires: [{ instance: 'a' }],
    },
    {
      when: 'it does not say',
      series: { [`up{${GATEWAY}}`]: '1x10' },
      at: '2m',
      fires: [{ instance: 'a' }],
    },
    {
      when: 'it has one',
      series: { [`up{${GATEWAY}}`]: '1x10', [`banyan_gateway_ready{${GATEWAY}}`]: '1x10' },
      at: '2m',
      fires: [],
    },
  ],
  BanyanGatewayStoreAway: gauge(`banyan_gateway_store_seen_seconds{${GATEWAY}}`, {
    good: '0.5',
    bad: ['11', 'NaN'],
    after: '2m',
  }),
  BanyanGatewaysDiffer: [
    {
      when: 'one stays behind',
      series: {
        [`banyan_gateway_revision{${at('banyan-gateway', 'a')}}`]: '3x10',
        [`banyan_gateway_revision{${at('banyan-gateway', 'b')}}`]: '4x10',
      },
      at: '2m',
      fires: [{}],
    },
    {
      when: 'it follows between two scrapes',
      series: {
        [`banyan_gateway_revision{${at('banyan-gateway', 'a')}}`]: '3 3 4x10',
        [`banyan_gateway_revision{${at('banyan-gateway', 'b')}}`]: '3 4 4x10',
      },
      at: '3m',
      fires: [],
    },
  ],
  BanyanKilledOnSomeGateways: [
    {
      when: 'one of two has it',
      series: {
        [`banyan_gateway_killed{${at('banyan-gateway', 'a')},context="inventory"}`]: '1x10',
        [`banyan_gateway_killed{${at('banyan-gateway', 'b')},context="inventory"}`]: '0x10',
      },
      at: '2m',
      fires: inventory,
    },
    {
      when: 'both have it',
      series: {
        [`banyan_gateway_killed{${at('banyan-gateway', 'a')},context="inventory"}`]: '1x10',
        [`banyan_gateway_killed{${at('banyan-gateway', 'b')},context="inventory"}`]: '1x10',
      },
      at: '2m',
      fires: [],
    },
  ],
  BanyanContextKilled: gauge(`banyan_gateway_killed{${GATEWAY},context="inventory"}`, {
    good: '0',
    bad: ['1'],
    after: '1m',
    fires: inventory,
  }),
  BanyanReloadRefused: [
    {
      when: 'the file had a mistake',
      series: { [`banyan_gateway_reloads_total{${GATEWAY},outcome="refused"}`]: '0 0 1x20' },
      at: '4m',
      fires: [{ instance: 'a' }],
    },
    {
      when: 'it was long ago',
      series: { [`banyan_gateway_reloads_total{${GATEWAY},outcome="refused"}`]: '0 0 1x40' },
      at: '30m',
      fires: [],
    },
    {
      when: 'what came was applied',
      series: {
        [`banyan_gateway_reloads_total{${GATEWAY},outcome="refused"}`]: '0x20',
        [`banyan_gateway_reloads_total{${GATEWAY},outcome="applied"}`]: '0 0 1x20',
      },
      at: '4m',
      fires: [],
    },
  ],
  // The clock of these runs begins at 1970.
  BanyanCertificateExpires: [
    {
      when: 'thirteen days are left',
      series: { [`banyan_gateway_certificate_expires_seconds{${GATEWAY}}`]: `${13 * 86_400}x30` },
      at: '15m',
      fires: [{ severity: 'ticket' }],
    },
    {
      when: 'one day is left',
      series: { [`banyan_gateway_certificate_expires_seconds{${GATEWAY}}`]: '86400x30' },
      at: '15m',
      fires: [{ severity: 'page' }, { severity: 'ticket' }],
    },
    {
      when: 'a month is left',
      series: { [`banyan_gateway_certificate_expires_seconds{${GATEWAY}}`]: `${30 * 86_400}x30` },
      at: '15m',
      fires: [],
    },
  ],
  BanyanMemoryHigh: [
    {
      when: 'a relay’s heap is at 90 %',
      series: {
        [`nodejs_heap_size_used_bytes{${at('banyan-relay')}}`]: '90x30',
        [`nodejs_heap_size_limit_bytes{${at('banyan-relay')}}`]: '100x30',
      },
      at: '15m',
      fires: [{ job: 'banyan-relay' }],
    },
    {
      when: 'a gateway’s is at 80 %, and another program’s is full',
      series: {
        [`nodejs_heap_size_used_bytes{${GATEWAY}}`]: '80x30',
        [`nodejs_heap_size_limit_bytes{${GATEWAY}}`]: '100x30',
        [`nodejs_heap_size_used_bytes{${at('shop')}}`]: '100x30',
        [`nodejs_heap_size_limit_bytes{${at('shop')}}`]: '100x30',
      },
      at: '15m',
      fires: [],
    },
  ],
  BanyanEventLoopLag: [
    {
      when: 'p99 is 200 ms',
      series: { [`banyan_gateway_event_loop_lag_seconds{${GATEWAY},quantile="0.99"}`]: '0.2x30' },
      at: '8m',
      fires: [{ instance: 'a' }],
    },
    {
      when: 'the most is 200 ms, p99 is not',
      series: {
        [`banyan_gateway_event_loop_lag_seconds{${GATEWAY},quantile="0.99"}`]: '0.01x30',
        [`banyan_gateway_event_loop_lag_seconds{${GATEWAY},quantile="1"}`]: '0.2x30',
      },
      at: '8m',
      fires: [],
    },
  ],
  BanyanGatewayFull: gauge(`banyan_gateway_event_loop_utilization{${GATEWAY}}`, {
    good: '0.9',
    bad: ['0.95'],
    after: '15m',
  }),
  BanyanProcessRestarts: [
    {
      when: 'it was started three times more',
      series: { [`process_start_time_seconds{${at('banyan-relay')}}`]: '1 1 2 2 3 4x10' },
      at: '10m',
      fires: [{ job: 'banyan-relay' }],
    },
    {
      when: 'it was deployed',
      series: { [`process_start_time_seconds{${at('banyan-relay')}}`]: '1 1 2x10' },
      at: '10m',
      fires: [],
    },
  ],
  BanyanAccessLogLost: [
    {
      when: 'lines are lost all the time',
      series: { [`banyan_gateway_access_log_lost_total{${GATEWAY}}`]: '0+9x30' },
      at: '12m',
      fires: [{ instance: 'a' }],
    },
    {
      when: 'none is',
      series: { [`banyan_gateway_access_log_lost_total{${GATEWAY}}`]: '9x30' },
      at: '12m',
      fires: [],
    },
  ],
  BanyanErrorBudgetBurns: [
    {
      when: 'two in a hundred fail for an hour',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+98x90'),
        ...requests('stock', '5xx', '0+2x90'),
      },
      at: '70m',
      fires: inventory,
    },
    {
      when: 'the gateway itself answers 503',
      series: { ...gateway, ...requests('monolith', '2xx', '0+98x90'), ...requests('', '5xx', '0+2x90') },
      at: '70m',
      fires: inventory,
    },
    {
      when: 'one in a hundred fails for six hours',
      step: '10m',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+990x50'),
        ...requests('stock', '5xx', '0+10x50'),
      },
      at: '380m',
      fires: inventory,
    },
    {
      when: 'it is over',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+98x90'),
        ...requests('stock', '5xx', '0+2x40 80x50'),
      },
      at: '75m',
      fires: [],
    },
    {
      when: 'the monolith fails by itself',
      series: {
        ...gateway,
        ...requests('monolith', '2xx', '0+90x90'),
        ...requests('monolith', '5xx', '0+10x90'),
      },
      at: '70m',
      fires: [],
    },
    {
      when: 'one request of a few fails',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+1x90'),
        ...requests('stock', '5xx', '0x65 1x20'),
      },
      at: '69m',
      fires: [],
    },
  ],
  BanyanErrorBudgetBurnsSlowly: [
    {
      when: 'two in a thousand fail for three days',
      step: '30m',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+998x200'),
        ...requests('stock', '5xx', '0+2x200'),
      },
      at: '80h',
      fires: inventory,
    },
    {
      when: 'one in two thousand fails',
      step: '30m',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+1999x200'),
        ...requests('stock', '5xx', '0+1x200'),
      },
      at: '80h',
      fires: [],
    },
  ],
  BanyanExtractedFails: [
    {
      when: 'the service fails 5 %, the monolith 1 %',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+95x30'),
        ...requests('stock', '5xx', '0+5x30'),
        ...requests('monolith', '2xx', '0+99x30'),
        ...requests('monolith', '5xx', '0+1x30'),
      },
      at: '12m',
      fires: inventory,
    },
    {
      when: 'all its reads fall back, so that it has answered none',
      series: { ...gateway, ...requests('monolith', '2xx', '0+100x30'), ...fallbacks('0+50x30') },
      at: '12m',
      fires: inventory,
    },
    {
      when: 'the monolith answers nothing any more',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+95x30'),
        ...requests('stock', '5xx', '0+5x30'),
        ...requests('monolith', '2xx', '0x30'),
        ...requests('monolith', '5xx', '0x30'),
      },
      at: '12m',
      fires: inventory,
    },
    {
      when: 'the monolith fails as much',
      series: {
        ...gateway,
        ...requests('stock', '2xx', '0+95x30'),
        ...requests('stock', '5xx', '0+5x30'),
        ...requests('monolith', '2xx', '0+95x30'),
        ...requests('monolith', '5xx', '0+5x30'),
      },
      at: '12m',
      fires: [],
    },
    {
      when: 'a handful of requests say nothing',
      series: { ...gateway, ...requests('stock', '2xx', '0+2x30'), ...requests('stock', '5xx', '0+1x30') },
      at: '12m',
      fires: [],
    },
    {
      when: 'nobody asks it',
      series: { ...gateway, ...requests('stock', '2xx', '5x30') },
      at: '12m',
      fires: [],
    },
  ],
  BanyanExtractedSlow: [
    {
      when: 'the service needs half a second, the monolith a tenth',
      series: { ...gateway, ...reads('stock', '0.5'), ...reads('monolith', '0.1') },
      at: '20m',
      fires: inventory,
    },
    {
      when: 'the monolith answered until a while ago',
      series: { ...gateway, ...reads('stock', '0.5'), ...reads('monolith', '0.1', '0+60x20 1200x200') },
      at: '60m',
      fires: inventory,
    },
    {
      when: 'nobody knows the monolith’s, and the service needs more than a second',
      series: { ...gateway, ...reads('stock', '2.5') },
      at: '20m',
      fires: inventory,
    },
    {
      when: 'both are as fast',
      series: { ...gateway, ...reads('stock', '0.25'), ...reads('monolith', '0.25') },
      at: '20m',
      fires: [],
    },
    {
      when: 'nobody knows the monolith’s, and the service is fast',
      series: { ...gateway, ...reads('stock', '0.25') },
      at: '20m',
      fires: [],
    },
  ],
  BanyanBreakerOpen: [
    {
      when: 'it is open, and half-open now and then',
      series: { [`banyan_gateway_breaker_state{${GATEWAY},upstream="stock"}`]: '0 2 2 1 2 2' },
      at: '4m',
      fires: [{ upstream: 'stock' }],
    },
    {
      when: 'it is closed',
      series: { [`banyan_gateway_breaker_state{${GATEWAY},upstream="stock"}`]: '0x10' },
      at: '4m',
      fires: [],
    },
  ],
  BanyanUpstreamUnhealthy: gauge(`banyan_gateway_health{${GATEWAY},upstream="stock",check="active"}`, {
    good: '1',
    bad: ['0'],
    after: '2m',
    fires: [{ upstream: 'stock' }],
  }),
  BanyanFallbacks: [
    {
      when: 'one in fifty falls back',
      series: { ...gateway, ...requests('stock', '2xx', '0+98x30'), ...fallbacks('0+2x30') },
      at: '15m',
      fires: inventory,
    },
    {
      when: 'none does',
      series: { ...gateway, ...requests('stock', '2xx', '0+98x30'), ...fallbacks('7x30') },
      at: '15m',
      fires: [],
    },
  ],
  BanyanRequestsShed: [
    {
      when: 'ten a minute are shed',
      series: { [`banyan_gateway_shed_total{${GATEWAY},upstream="stock",cause="concurrency"}`]: '0+10x20' },
      at: '9m',
      fires: [{ upstream: 'stock' }],
    },
    {
      when: 'the breaker sheds, which has an alert of its own',
      series: { [`banyan_gateway_shed_total{${GATEWAY},upstream="stock",cause="breaker"}`]: '0+10x20' },
      at: '9m',
      fires: [],
    },
  ],
  BanyanRequestsRefused: [
    {
      when: 'two in a hundred are refused',
      series: {
        ...requests('monolith', '2xx', '0+1000x30'),
        [`banyan_gateway_refused_total{${GATEWAY},limit="malformed"}`]: '0+20x30',
      },
      at: '12m',
      fires: [{ limit: 'malformed' }],
    },
    {
      when: 'nothing but refusals comes',
      series: {
        ...requests('monolith', '2xx', '0x30'),
        [`banyan_gateway_refused_total{${GATEWAY},limit="malformed"}`]: '0+20x30',
      },
      at: '12m',
      fires: [{ limit: 'malformed' }],
    },
    {
      when: 'one in a thousand is',
      series: {
        ...requests('monolith', '2xx', '0+20000x30'),
        [`banyan_gateway_refused_total{${GATEWAY},limit="malformed"}`]: '0+20x30',
      },
      at: '12m',
      fires: [],
    },
  ],
  BanyanDoubtfulTargets: [
    {
      when: 'there are three a minute',
      series: {
        [`banyan_gateway_doubtful_targets_total{${GATEWAY},context="inventory",doubt="empty-segment",outcome="monolith"}`]:
          '0+3x90',
      },
      at: '70m',
      fires: [{ context: 'inventory', doubt: 'empty-segment' }],
    },
    {
      when: 'they are refused',
      series: {
        [`banyan_gateway_doubtful_targets_total{${GATEWAY},context="inventory",doubt="empty-segment",outcome="refused"}`]:
          '0+3x90',
      },
      at: '70m',
      fires: [],
    },
  ],
  BanyanReadsHeldByLag: [
    {
      when: 'reads are held for the lag',
      series: {
        [`banyan_gateway_followed_reads_total{${GATEWAY},context="inventory",cause="lag"}`]: '0+5x30',
      },
      at: '12m',
      fires: inventory,
    },
    {
      when: 'reads follow own writes alone',
      series: {
        [`banyan_gateway_followed_reads_total{${GATEWAY},context="inventory",cause="write"}`]: '0+5x30',
        [`banyan_gateway_followed_reads_total{${GATEWAY},context="inventory",cause="lag"}`]: '5x30',
      },
      at: '12m',
      fires: [],
    },
  ],
  BanyanOwnWritesUnconfirmed: [
    {
      when: 'Redis confirms nothing',
      series: {
        [`banyan_gateway_own_writes_unconfirmed_total{${GATEWAY},context="inventory"}`]: '0+5x30',
      },
      at: '12m',
      fires: inventory,
    },
    {
      when: 'it did so for a moment',
      series: {
        [`banyan_gateway_own_writes_unconfirmed_total{${GATEWAY},context="inventory"}`]: '0 5x30',
      },
      at: '12m',
      fires: [],
    },
  ],
  BanyanCallersUnknown: [
    {
      when: 'one question in ten is late',
      series: {
        [`banyan_gateway_identity_asked_total{${GATEWAY},outcome="user"}`]: '0+90x30',
        [`banyan_gateway_identity_asked_total{${GATEWAY},outcome="late"}`]: '0+10x30',
      },
      at: '9m',
      fires: [{}],
    },
    {
      when: 'nobody is an answer, too',
      series: {
        [`banyan_gateway_identity_asked_total{${GATEWAY},outcome="user"}`]: '0+10x30',
        [`banyan_gateway_identity_asked_total{${GATEWAY},outcome="nobody"}`]: '0+90x30',
        [`banyan_gateway_identity_asked_total{${GATEWAY},outcome="late"}`]: '3x30',
      },
      at: '9m',
      fires: [],
    },
  ],
  BanyanShadowMatchLow: [
    {
      when: 'three in a hundred differ',
      series: shadow({ match: '0+96x90', noise: '0+1x90', mismatch: '0+2x90', error: '0+1x90' }),
      at: '70m',
      fires: inventory,
    },
    {
      when: 'noise and lag are no differences',
      series: shadow({ match: '0+90x90', noise: '0+10x90', mismatch: '0x90', lag: '0+50x90' }),
      at: '70m',
      fires: [],
    },
    {
      when: 'too few were compared',
      series: shadow({ match: '0+0x90', mismatch: '0+1x60' }),
      at: '70m',
      fires: [],
    },
  ],
  BanyanShadowDropping: [
    {
      when: 'a third is dropped',
      series: {
        ...shadow({ match: '0+20x60', dropped: '0+10x60' }),
        [`banyan_gateway_shadow_dropped_total{${GATEWAY},context="inventory",why="queue"}`]: '0+10x60',
      },
      at: '40m',
      fires: inventory,
    },
    {
      when: 'one in a hundred is',
      series: {
        ...shadow({ match: '0+990x60', dropped: '0+10x60' }),
        [`banyan_gateway_shadow_dropped_total{${GATEWAY},context="inventory",why="queue"}`]: '0+10x60',
      },
      at: '40m',
      fires: [],
    },
  ],
  BanyanShadowPaused: gauge(`banyan_gateway_shadow_paused{${GATEWAY},context="inventory"}`, {
    good: '0',
    bad: ['1'],
    after: '8m',
    fires: inventory,
  }),
};

const RELAY = at('banyan-relay');
const CONTROL = at('banyan-control-plane');
const failed = (kind: string, samples: string) => ({
  [`banyan_relay_failed_total{${RELAY},class="${kind}"}`]: samples,
});

export const eventCases: Readonly<Record<string, readonly AlertCase[]>> = {
  BanyanControlPlaneDown: down('banyan-control-plane'),
  BanyanLagMissing: [
    { when: 'nobody shows it', series: { [`up{${CONTROL}}`]: '1x10' }, at: '4m', fires: [{}] },
    {
      when: 'it is shown, though unknown',
      series: { [`banyan_outbox_lag_seconds{${CONTROL},context="inventory"}`]: 'NaN NaN NaN NaN NaN' },
      at: '4m',
      fires: [],
    },
  ],
  BanyanOutboxLagHigh: gauge(`banyan_outbox_lag_seconds{${CONTROL},context="inventory"}`, {
    good: '30',
    bad: ['31'],
    after: '2m',
    fires: inventory,
  }),
  BanyanOutboxLagUnknown: gauge(`banyan_outbox_lag_seconds{${CONTROL},context="inventory"}`, {
    good: '0',
    bad: ['NaN', '-1'],
    after: '2m',
    fires: inventory,
  }),
  BanyanOpenTransaction: gauge(`banyan_outbox_open_transaction_seconds{${CONTROL}}`, {
    good: '60',
    bad: ['61', 'NaN'],
    after: '2m',
  }),
  BanyanEventsParked: gauge(`banyan_outbox_parked{${CONTROL},context="inventory"}`, {
    good: '0',
    bad: ['1'],
    after: '2m',
    fires: inventory,
  }),
  BanyanTypePaused: [
    {
      when: 'two relays have it paused',
      series: {
        [`banyan_relay_paused_types{${RELAY},type="OrderPlaced"}`]: '1x10',
        [`banyan_relay_paused_types{${at('banyan-relay', 'b')},type="OrderPlaced"}`]: '1x10',
      },
      at: '1m',
      fires: [{ type: 'OrderPlaced' }],
    },
    { when: 'none is paused', series: { [`up{${RELAY}}`]: '1x10' }, at: '1m', fires: [] },
  ],
  BanyanAppendsOverlap: [
    {
      when: 'one was seen',
      series: { [`banyan_relay_overlapping_appends_total{${RELAY}}`]: '0x10 1x60' },
      at: '20m',
      fires: [{}],
    },
    {
      when: 'the last was seen hours ago',
      series: { [`banyan_relay_overlapping_appends_total{${RELAY}}`]: '7x200' },
      at: '2h',
      fires: [],
    },
  ],
  BanyanEventsSkipped: [
    {
      when: 'a policy has passed one over',
      series: { [`banyan_relay_skipped_total{${RELAY}}`]: '0x10 1x30' },
      at: '20m',
      fires: [{}],
    },
    {
      when: 'that is more than an hour ago',
      series: { [`banyan_relay_skipped_total{${RELAY}}`]: '0x10 1x120' },
      at: '100m',
      fires: [],
    },
  ],
  BanyanPurgeOverdue: gauge(`banyan_relay_purge_overdue_seconds{${RELAY}}`, {
    good: '3600',
    bad: ['3601', 'NaN'],
    after: '20m',
  }),
  BanyanEventsUnacknowledged: [
    {
      when: 'nothing was found',
      series: { [`banyan_outbox_audit_holes{${RELAY}}`]: '0x10' },
      at: '5m',
      fires: [],
    },
    {
      when: 'a hole was found',
      series: { [`banyan_outbox_audit_holes{${RELAY}}`]: '1x10' },
      at: '5m',
      fires: [{}],
    },
  ],
  BanyanAuditStuck: [
    {
      when: 'it keeps up',
      series: { [`banyan_outbox_audit_behind_seconds{${RELAY}}`]: '7200x90' },
      at: '80m',
      fires: [],
    },
    {
      when: 'it is behind',
      series: { [`banyan_outbox_audit_behind_seconds{${RELAY}}`]: '7201x90' },
      at: '80m',
      fires: [{}],
    },
    {
      when: 'nobody knows',
      series: { [`banyan_outbox_audit_behind_seconds{${RELAY}}`]: Array(91).fill('NaN').join(' ') },
      at: '80m',
      fires: [{}],
    },
  ],
  BanyanOutboxBudget: gauge(`banyan_outbox_seconds_to_budget{${CONTROL}}`, {
    good: '86401',
    bad: ['86400', '0', 'NaN'],
    after: '20m',
  }),
  BanyanBackfillDue: gauge(`banyan_outbox_backfill_due{${CONTROL},context="inventory"}`, {
    good: '0',
    bad: ['1', 'NaN'],
    after: '2m',
    fires: inventory,
  }),
  BanyanRelayDown: down('banyan-relay'),
  BanyanRelayStopped: [
    {
      when: 'one relay has met a server that lacks commits',
      series: {
        [`banyan_relay_stopped{${RELAY},why="history-lost"}`]: '1x10',
        [`banyan_relay_stopped{${at('banyan-relay', 'b')},why="history-lost"}`]: '0x10',
      },
      at: '2m',
      fires: [{ why: 'history-lost' }],
    },
    {
      when: 'the server was read-only for a moment',
      series: { [`banyan_relay_stopped{${RELAY},why="read-only"}`]: '0 1 0x60' },
      step: '10s',
      at: '2m',
      fires: [],
    },
  ],
  BanyanRelayMissing: [
    { when: 'there is no target', series: { [`up{${CONTROL}}`]: '1x10' }, at: '3m', fires: [{}] },
    { when: 'the only one is down', series: { [`up{${RELAY}}`]: '0x10' }, at: '3m', fires: [{}] },
    {
      when: 'one of two is up',
      series: { [`up{${RELAY}}`]: '0x10', [`up{${at('banyan-relay', 'b')}}`]: '1x10' },
      at: '3m',
      fires: [],
    },
  ],
  BanyanBucketsUnowned: [
    {
      when: 'one of 64 is nobody’s',
      series: {
        [`banyan_relay_owned_buckets{${RELAY}}`]: '32x10',
        [`banyan_relay_owned_buckets{${at('banyan-relay', 'b')}}`]: '31x10',
      },
      at: '2m',
      fires: [{}],
    },
    { when: 'no relay says', series: { [`up{${RELAY}}`]: '0x10' }, at: '2m', fires: [{}] },
    {
      when: 'all are somebody’s',
      series: {
        [`banyan_relay_owned_buckets{${RELAY}}`]: '32x10',
        [`banyan_relay_owned_buckets{${at('banyan-relay', 'b')}}`]: '32x10',
      },
      at: '2m',
      fires: [],
    },
  ],
  BanyanRelayCutOff: gauge(`banyan_relay_available{${RELAY},what="kinesis"}`, {
    good: '1',
    bad: ['0'],
    after: '2m',
    fires: [{ what: 'kinesis', instance: 'a' }],
  }),
  BanyanRelayThrottled: [
    {
      when: 'one in five comes back',
      series: { ...failed('throttled', '0+20x30'), [`banyan_relay_published_total{${RELAY}}`]: '0+80x30' },
      at: '15m',
      fires: [{}],
    },
    {
      when: 'one in twenty does',
      series: { ...failed('throttled', '0+5x30'), [`banyan_relay_published_total{${RELAY}}`]: '0+95x30' },
      at: '15m',
      fires: [],
    },
  ],
  BanyanRelayRefused: [
    {
      when: 'the right to write is missing',
      series: failed('denied', '0+5x30'),
      at: '15m',
      fires: [{ class: 'denied' }],
    },
    {
      when: 'it is throttled, which has its own',
      series: failed('throttled', '0+5x30'),
      at: '15m',
      fires: [],
    },
    { when: 'it happened once', series: failed('unknown', '0 0 9x30'), at: '15m', fires: [] },
  ],
  BanyanConsumerDown: down('banyan-consumer'),
  BanyanConsumerLagHigh: [
    ...gauge(`banyan_consumer_lag_seconds{${CONTROL},context="inventory",consumer="stock"}`, {
      good: '30',
      bad: ['31'],
      after: '2m',
      fires: [{ context: 'inventory', consumer: 'stock' }],
    }),
    {
      when: 'the consumer says it itself, which the control plane is told',
      series: { [`banyan_consumer_lag_seconds{${at('banyan-consumer')},application="stock"}`]: '99x10' },
      at: '2m',
      fires: [],
    },
  ],
  BanyanConsumerLagUnknown: gauge(
    `banyan_consumer_lag_seconds{${CONTROL},context="inventory",consumer="stock"}`,
    { good: '0.2', bad: ['NaN', '-1'], after: '2m', fires: [{ context: 'inventory' }] },
  ),
  BanyanHeartbeatLate: gauge(
    `banyan_heartbeat_age_seconds{${CONTROL},context="inventory",consumer="stock"}`,
    {
      good: '60',
      bad: ['61', 'NaN', '-1'],
      after: '2m',
      fires: [{ context: 'inventory', consumer: 'stock' }],
    },
  ),
  BanyanConsumerStuck: [
    {
      when: 'it fails every minute and more',
      series: { [`banyan_consumer_retries_total{${at('banyan-consumer')},application="stock"}`]: '0+2x30' },
      at: '15m',
      fires: [{ application: 'stock' }],
    },
    {
      when: 'it failed a few times',
      series: { [`banyan_consumer_retries_total{${at('banyan-consumer')},application="stock"}`]: '0 3x30' },
      at: '15m',
      fires: [],
    },
  ],
  BanyanNumbersMissing: gauge(
    `banyan_consumer_held_oldest_seconds{${at('banyan-consumer')},application="stock",why="gap"}`,
    { good: '60', bad: ['61', 'NaN'], after: '2m', fires: [{ application: 'stock' }] },
  ),
  BanyanNumberTwice: [
    ...gauge(`banyan_consumer_held_events{${at('banyan-consumer')},application="stock",why="known"}`, {
      good: '0',
      bad: ['1'],
      after: '2m',
      fires: [{ application: 'stock' }],
    }),
    {
      when: 'events wait for a number, which has its own',
      series: {
        [`banyan_consumer_held_events{${at('banyan-consumer')},application="stock",why="gap"}`]: '9x10',
      },
      at: '2m',
      fires: [],
    },
  ],
};
