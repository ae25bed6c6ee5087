// Sends events with the SDK of CloudEvents, each in every way HTTP has and all of it twice, as a sender that retries:
// node cloudevents.mjs <host> <key> <events>
import { CloudEvent, HTTP, Mode, emitterFor, httpTransport } from 'cloudevents'

const [host, key, count] = process.argv.slice(2)
const url = `${host}/v1/cloudevents?writeKey=${key}`
const ways = [Mode.BINARY, Mode.STRUCTURED].map((mode) => emitterFor(httpTransport(url), { binding: HTTP, mode }))
ways.push(async (event) => {
  const headers = { 'Content-Type': 'application/cloudevents-batch+json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify([event]) })
  if (response.status !== 200) throw new Error(await response.text())
})

for (let n = 0; n < Number(count); n++) {
  const time = new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString()
  const data = { n, note: 'ünïcode 🎉' }
  const of = { type: 'report.exported', source: '/billing', subject: 'u1', group: 'acme', time, data }
  for (const [way, send] of ways.entries()) {
    const event = new CloudEvent({ ...of, id: `${way}-${n}` })
    for (let attempt = 0; attempt < 2; attempt++) await send(event)
  }
}
