// Sends the scenario with @jitsu/js: node jitsu.mjs <host> <key> <tracks> <s2s or device>.
// What the SDK reports as an error ends the process.
import jitsu from '@jitsu/js'

const [host, key, tracks, side] = process.argv.slice(2)
const client = jitsu.jitsuAnalytics({ host, writeKey: `${key}:-`, s2s: side === 's2s', errorPolicy: 'rethrow' })
await client.identify('u1', { email: 'ann@acme.example', plan: 'pro' })
await client.group('acme', { name: 'Acme' })
for (let n = 0; n < Number(tracks); n++) await client.track('Report Exported', { n, note: 'ünïcode 🎉' })
await client.page({ name: 'Pricing' })
