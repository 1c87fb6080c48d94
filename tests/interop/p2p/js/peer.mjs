// peer.mjs: js-libp2p as the other end of the p2p interop tests.
//   node peer.mjs listen        prints "listening ADDR", serves echo and particles until standard input ends
//   node peer.mjs dial ADDR     runs the checks against a rivulet peer; prints "ok CHECK" each
// Like the original JavaScript client, it never closes its side of a particle stream that was opened to it.

import { createHash } from 'node:crypto'

Promise.withResolvers ??= function () { // Node 20 lacks it
  let resolve, reject
  const promise = new Promise((a, b) => { resolve = a; reject = b })
  return { promise, resolve, reject }
}

const { createLibp2p } = await import('libp2p')
const { tcp } = await import('@libp2p/tcp')
const { noise } = await import('@chainsafe/libp2p-noise')
const { yamux } = await import('@chainsafe/libp2p-yamux')
const { identify } = await import('@libp2p/identify')
const { ping } = await import('@libp2p/ping')
const { byteStream, lpStream } = await import('@libp2p/utils')
const { multiaddr } = await import('@multiformats/multiaddr')

const ECHO = '/rivulet/echo/1.0.0'
const UNKNOWN = '/rivulet/unknown/1.0.0'
const PARTICLE = '/fluence/particle/2.0.0'
const PARTICLES = 1300 // small ones, then one of 3 MiB; more than the 1,000 streams that yamux allows here

const [mode, address] = process.argv.slice(2)
const node = await createLibp2p({
  addresses: { listen: mode === 'listen' ? ['/ip4/127.0.0.1/tcp/0'] : [] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), ping: ping() }
})

let received = 0
const gotParticle = Promise.withResolvers()

// By byteStream: the library's iterator misses the end when it came before the handler was called, and drops what is buffered while paused.
await node.handle(ECHO, async (stream) => {
  const bytes = byteStream(stream)
  for (let got; (got = await bytes.read()) != null;) await bytes.write(got)
  await stream.close()
}, { maxInboundStreams: 1024, maxOutboundStreams: 1024 })

await node.handle(PARTICLE, async (stream, connection) => {
  const frame = await lpStream(stream, { maxDataLength: 16 << 20 }).read()
  received++
  if (mode === 'dial') gotParticle.resolve(frame.byteLength)
  if (received !== PARTICLES + 1) return
  const back = await connection.newStream(PARTICLE)
  await lpStream(back).write(new TextEncoder().encode('all are here'))
  await back.close()
  console.log(`particles ${received}`)
}, { maxInboundStreams: 2048, maxOutboundStreams: 2048 })

async function readAll (stream) {
  const hash = createHash('sha256')
  for await (const bytes of stream) hash.update(bytes.subarray())
  return hash.digest('hex')
}

async function echo (pieces) {
  const stream = await connection.newStream(ECHO, { maxOutboundStreams: 1024 })
  const back = readAll(stream)
  const hash = createHash('sha256')
  for (const piece of pieces) {
    hash.update(piece)
    if (!stream.send(piece)) await stream.onDrain()
  }
  await stream.close()
  if (await back !== hash.digest('hex')) throw new Error('the echo differs')
}

async function refused () {
  try {
    await connection.newStream(UNKNOWN)
  } catch (err) {
    if (err.name === 'UnsupportedProtocolError') return
    throw err
  }
  throw new Error('the unknown protocol was accepted')
}

async function sendParticle (bytes) {
  const stream = await connection.newStream(PARTICLE, { maxOutboundStreams: 1024 })
  await lpStream(stream, { maxDataLength: 16 << 20 }).write(bytes)
  await stream.close()
}

let connection
const identified = Promise.withResolvers()
node.addEventListener('peer:identify', (event) => identified.resolve(event.detail))

const checks = {
  async identify () {
    connection = await node.dial(multiaddr(address))
    const told = await identified.promise
    if (told.agentVersion !== 'rivulet/interop') throw new Error(`agent ${told.agentVersion}`)
    if (told.protocolVersion !== PARTICLE) throw new Error(`protocol version ${told.protocolVersion}`)
    if (!told.protocols.includes(PARTICLE) || !told.protocols.includes(ECHO)) throw new Error(`protocols ${told.protocols}`)
    if (told.listenAddrs.length !== 1) throw new Error(`addresses ${told.listenAddrs}`)
  },
  async ping () { await node.services.ping.ping(multiaddr(address)) },
  unknown: refused,
  async echo () {
    const pieces = []
    for (let i = 0; i < 64; i++) pieces.push(new Uint8Array(16384 + i).fill(i))
    await echo(pieces)
  },
  async streams () {
    await Promise.all(Array.from({ length: 200 }, (_, i) => echo([new TextEncoder().encode(`stream ${i}`)])))
  },
  async particles () {
    for (let i = 0; i < PARTICLES; i++) await sendParticle(new TextEncoder().encode(`particle ${i}`))
    await sendParticle(new Uint8Array(3 << 20))
    if (await gotParticle.promise !== 'all are here'.length) throw new Error('another answer')
  },
  async 'ping again' () { await node.services.ping.ping(multiaddr(address)) }
}

if (mode === 'listen') {
  console.log(`listening ${node.getMultiaddrs()[0]}`)
  process.stdin.on('end', () => process.exit(0)).resume()
} else {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check()
      console.log(`ok ${name}`)
    } catch (err) {
      console.log(`FAILED ${name}: ${err.stack}`)
      process.exit(1)
    }
  }
  process.exit(0)
}
