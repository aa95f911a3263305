const first = Number(process.env.E2E_PORT || 3310)

/** Where the parts of the cluster are: the tests ask the two web processes apart, too. */
export const PORTS = {
  proxy: first,
  webs: [first + 30, first + 31],
  database: new URL(`/latchkey_cluster_${first}`, process.env.TEST_DATABASE_URL || 'postgres://none').href,
}
