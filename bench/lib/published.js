/**
 * What other servers publish about themselves. None of it was run by us, and none of it on the machine of this report.
 * `perCore` is the figure divided by the cores that the source names.
 */
export const PUBLISHED = [
  {
    server: 'Keycloak',
    figure: '120 client credentials grants a second for each vCPU',
    perCore: '120',
    setting:
      'A guide for sizing, not a benchmark: "tested with up to 2000 per second"; most of the CPU goes into new TLS connections, as each client sends one request. 150 % of head-room is asked for besides. An earlier edition of the guide says 200.',
    source: 'https://www.keycloak.org/high-availability/single-cluster/concepts-memory-and-cpu-sizing',
  },
  {
    server: 'Keycloak',
    figure: '120 refreshes a second for each vCPU',
    perCore: '120',
    setting: 'The same guide: tested with up to 435 a second. The database needs CPU of its own besides.',
    source: 'https://www.keycloak.org/high-availability/single-cluster/concepts-memory-and-cpu-sizing',
  },
  {
    server: 'Ory Hydra',
    figure: '22 039 introspections and 542 client credentials grants a second',
    perCore: '11 020 and 271',
    setting:
      'Version not stated. In-memory storage, 2 CPU cores and 4 GB of a CI machine, 10 000 requests by `hey`, 100 at a time; grants check the secret with BCrypt, cost 8. Another revision of the page, by the same method, says 5 109 introspections and 513 grants.',
    source:
      'https://github.com/ory/docs/blob/001a9c8a68a2c1ca571b35a05be962bd14e3dbae/docs/performance/hydra.md',
    other:
      'https://github.com/ory/docs/blob/02147f4d0ca3c8636a2a56672ce03bd551b3eb1e/docs/hydra/benchmark.md',
  },
  {
    server: 'Zitadel 4.19.2',
    figure: '2 006 client credentials grants a second, each followed by a call of userinfo',
    perCore: '40',
    setting:
      '7 containers of 6 vCPU and a PostgreSQL 17 of 8 vCPU (50 vCPU in all), 600 users of k6 for 30 minutes; 38 of 7 270 615 requests failed. The database was the limit: 95 % of its CPU, 52 % of that of the containers.',
    source: 'https://zitadel.com/docs/apis/benchmarks/v4.19.2/machine_client_credentials_login',
  },
];
