// Sends the scenario with one Node SDK: node drive.mjs <sdk> <host> <key> <tracks> <timeout in ms>.
// Nothing ends the process by force: it exits when the SDK has nothing left to send.
import { Analytics } from '@segment/analytics-node'
import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import LegacyAnalytics from 'analytics-node'

const [sdk, host, writeKey, tracks, timeout] = process.argv.slice(2)
const common = { flushInterval: 300, timeout: Number(timeout), errorHandler: (error) => console.error(error.message) }

const clients = {
  'segment-node': () => new Analytics({ writeKey, host, flushInterval: 300, httpRequestTimeout: Number(timeout) }),
  'rudder-node': () => new RudderAnalytics(writeKey, { dataPlaneUrl: host, ...common }),
  'legacy-node': () => new LegacyAnalytics(writeKey, { host, ...common }),
}

const client = clients[sdk]()
const who = { userId: 'u1', context: { groupId: 'acme' } }
client.identify({ userId: 'u1', traits: { email: 'ann@acme.example', plan: 'pro' } })
client.group({ userId: 'u1', groupId: 'acme', traits: { name: 'Acme' } })
for (let n = 0; n < Number(tracks); n++) {
  const timestamp = new Date(Date.UTC(2026, 0, 1, 0, n))
  client.track({ ...who, event: 'Report Exported', properties: { n, note: 'ünïcode 🎉' }, timestamp })
}
client.page({ ...who, name: 'Pricing' })
client.alias({ userId: 'u1', previousId: 'anonymous-1' })
if (client.closeAndFlush) await client.closeAndFlush()
