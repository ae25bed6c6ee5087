// Sends the scenario with posthog-node: node posthog.mjs <host> <key> <tracks> <timeout in ms>.
// Nothing ends the process by force: it exits when the SDK has nothing left to send.
import { PostHog } from 'posthog-node'

const [host, key, tracks, timeout] = process.argv.slice(2)
const client = new PostHog(key, { host, flushInterval: 300, fetchRetryDelay: 500, requestTimeout: Number(timeout) })
const who = { distinctId: 'u1', groups: { company: 'acme' } }
client.identify({ distinctId: 'u1', properties: { email: 'ann@acme.example', plan: 'pro' } })
client.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { name: 'Acme' } })
for (let n = 0; n < Number(tracks); n++) {
  const timestamp = new Date(Date.UTC(2026, 0, 1, 0, n))
  client.capture({ ...who, event: 'Report Exported', properties: { n, note: 'ünïcode 🎉' }, timestamp })
}
client.capture({ ...who, event: '$pageview', properties: { $current_url: 'https://x/y' } })
client.alias({ distinctId: 'u1', alias: 'anonymous-1' })
if ((await client.isFeatureEnabled('anything', 'u1')) === true) throw new Error('there are no flags')
await client.shutdown(60000)
