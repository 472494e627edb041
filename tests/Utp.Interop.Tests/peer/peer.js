'use strict'

// libutp under remote control. Each line of standard input is a request in JSON, {"id": 1, "op": "listen", ...}; each line of standard
// output is its answer, {"id": 1, ...} or {"id": 1, "error": "..."}. Requests run side by side and are answered when they are done.
// The process ends with standard input, so that no peer outlives its test.

const { createHash } = require('crypto')
const readline = require('readline')
const UTP = require('utp-native')
const { PayloadSource } = require('./payload')

// With the default of about 200 KiB the kernel drops most of a burst and libutp falls to a few MB/s.
const KERNEL_BUFFER_BYTES = 4 * 1024 * 1024

let socket = null
const connections = []
const backlog = []
const waiting = []

/** One connection, with everything that has happened to it so far. */
class Peer {
  constructor (connection) {
    this.number = connections.push(this) - 1
    this.connection = connection
    this.hash = createHash('sha256')
    this.received = 0
    this.arrivals = []
    this.keepArrivals = false
    this.ended = false
    this.closed = false
    this.failure = null
    this.changed = []

    connection.on('data', data => {
      this.received += data.length
      this.hash.update(data)
      if (this.keepArrivals) this.arrivals.push(data)
      this.wake()
    })
    connection.on('end', () => { this.ended = true; this.wake() })
    connection.on('close', () => { this.closed = true; this.wake() })
    connection.on('error', error => { this.failure = error.code || error.message; this.wake() })
  }

  wake () {
    const changed = this.changed
    this.changed = []
    for (const resolve of changed) resolve()
  }

  /** Resolves when the condition holds. */
  async until (condition) {
    while (!condition()) await new Promise(resolve => this.changed.push(resolve))
  }

  status () {
    return { received: this.received, ended: this.ended, closed: this.closed, failure: this.failure }
  }
}

function bind (port) {
  socket = new UTP({ allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.on('connection', connection => {
      const peer = new Peer(connection)
      const accept = waiting.shift()
      if (accept) accept(peer)
      else backlog.push(peer)
    })
    socket.bind(port, '127.0.0.1', () => {
      socket.setRecvBufferSize(KERNEL_BUFFER_BYTES)
      socket.setSendBufferSize(KERNEL_BUFFER_BYTES)
      resolve()
    })
  })
}

function write (peer, chunk) {
  return new Promise((resolve, reject) => {
    if (peer.closed) return reject(new Error(peer.failure || 'closed'))
    const onclose = () => reject(new Error(peer.failure || 'closed'))
    peer.connection.once('close', onclose)
    peer.connection.write(chunk, error => {
      peer.connection.removeListener('close', onclose)
      if (error) reject(error)
      else resolve()
    })
  })
}

const operations = {
  /** Binds the one UDP socket; with listen, accepts connections on it. */
  async bind ({ port = 0, listen = false }) {
    await bind(port)
    if (listen) socket.firewall(false)
    return { port: socket.address().port }
  },

  async connect ({ port }) {
    const peer = new Peer(socket.connect(port, '127.0.0.1'))
    let connected = false
    peer.connection.once('connect', () => { connected = true; peer.wake() })
    await peer.until(() => connected || peer.closed)
    if (!connected) throw new Error(peer.failure || 'closed')
    return { connection: peer.number }
  },

  async accept () {
    const peer = backlog.shift() || await new Promise(resolve => waiting.push(resolve))
    return { connection: peer.number }
  },

  /** Writes pseudo-random bytes; answers when libutp has taken them all, which is before they are acknowledged. */
  async send ({ connection, seed, bytes, chunk = 65536 }) {
    const peer = connections[connection]
    const source = new PayloadSource(seed)
    for (let left = bytes; left > 0; left -= chunk) await write(peer, source.next(Math.min(chunk, left)))
    return {}
  },

  /** Waits for so many bytes since the last such request, or for the end of the stream when no number is given, and describes them. */
  async receive ({ connection, bytes = null }) {
    const peer = connections[connection]
    await peer.until(() => peer.closed || peer.ended || (bytes !== null && peer.received >= bytes))
    const answer = { ...peer.status(), sha256: peer.hash.digest('hex') }
    peer.hash = createHash('sha256')
    peer.received = 0
    return answer
  },

  /** Sends everything back that arrives. */
  async echo ({ connection }) {
    const { connection: stream } = connections[connection]
    stream.on('data', data => stream.write(data))
    stream.on('end', () => stream.end())
    return {}
  },

  /** Sends messages, each when the one before it has come back. */
  async ping ({ connection, count, bytes }) {
    const peer = connections[connection]
    const source = new PayloadSource(count)
    peer.keepArrivals = true
    for (let i = 1; i <= count; i++) {
      const message = source.next(bytes)
      await write(peer, message)
      await peer.until(() => peer.closed || peer.received >= i * bytes)
      const answer = Buffer.concat(peer.arrivals)
      peer.arrivals = []
      if (!answer.equals(message)) throw new Error(`answer ${i} of ${count} differs`)
    }
    peer.keepArrivals = false
    peer.received = 0
    peer.hash = createHash('sha256')
    return {}
  },

  /** Writes for ever; the answer is the error that ends it. */
  async flood ({ connection }) {
    const peer = connections[connection]
    const source = new PayloadSource(1)
    while (true) await write(peer, source.next(65536))
  },

  /** Half-close. Answers when the FIN is queued. */
  async end ({ connection }) {
    const peer = connections[connection]
    await new Promise(resolve => peer.connection.end(resolve))
    return {}
  },

  /** utp_close: a FIN for the other side, and nothing more is read. Answers at once. */
  async destroy ({ connection }) {
    connections[connection].connection.destroy()
    return {}
  },

  async closed ({ connection }) {
    const peer = connections[connection]
    await peer.until(() => peer.closed)
    return peer.status()
  },

  async status ({ connection }) {
    return connections[connection].status()
  }
}

async function handle (request) {
  let answer
  try {
    answer = await operations[request.op](request)
  } catch (error) {
    answer = { error: error.message }
  }
  process.stdout.write(JSON.stringify({ id: request.id, ...answer }) + '\n')
}

readline.createInterface({ input: process.stdin })
  .on('line', line => { handle(JSON.parse(line)) })
  .on('close', () => process.exit(0))
