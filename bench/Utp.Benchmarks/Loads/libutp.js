'use strict'

// libutp as npm's utp-native ships it, in the two roles of a benchmark run; LoadServer.cs and LoadClient.cs describe the lines on standard
// input and output. NODE_PATH names the folder that has utp-native.

const UTP = require('utp-native')
const readline = require('readline')

const options = {}
for (let i = 3; i < process.argv.length; i += 2) options[process.argv[i].slice(2)] = process.argv[i + 1]
const role = process.argv[2]
const port = Number(options.port)
const connectionCount = Number(options.connections)
const bytes = Number(options.bytes)
const warmupMs = Number(options.warmup) * 1000
const measureMs = Number(options.seconds) * 1000
const kernelBuffer = Number(options['kernel-buffer'])

let consumed = 0
let measuring = false
let over = false

function say (line) { process.stdout.write(line + '\n') }

function open (port, bound) {
  const socket = new UTP()
  socket.bind(port, '127.0.0.1', () => {
    socket.setRecvBufferSize(kernelBuffer)
    socket.setSendBufferSize(kernelBuffer)
    bound()
  })
  return socket
}

function serve () {
  const socket = open(0, () => say(String(socket.address().port)))
  socket.firewall(false)
  socket.on('connection', connection => {
    connection.on('error', () => {})
    if (options.load === 'Bulk') connection.on('data', data => { consumed += data.length })
    else connection.on('data', data => connection.write(data))
    connection.on('end', () => connection.end())
  })
  return line => line === 'memory' ? '0 0' : String(consumed)
}

/** Writes for ever; a callback says that libutp has taken the bytes. */
function send (connection) {
  const block = Buffer.alloc(bytes, 7)
  const next = () => { if (!over) connection.write(block, next) }
  next()
}

/** One message after the other; calls back with the microseconds of each. */
function echo (connection, done) {
  const message = Buffer.alloc(bytes, 7)
  let missing = 0
  let start
  const next = () => {
    missing = bytes
    start = process.hrtime.bigint()
    connection.write(message)
  }
  connection.on('data', data => {
    missing -= data.length
    if (missing > 0) return
    done(Number(process.hrtime.bigint() - start) / 1000)
    if (!over) next()
  })
  next()
}

function percentile (sorted, share) { return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] }

function measure () {
  const times = []
  const socket = open(0, () => {
    for (let i = 0; i < connectionCount; i++) {
      const connection = socket.connect(port, '127.0.0.1')
      connection.on('error', error => { say('failed ' + error.message) })
      connection.on('connect', () => {
        if (options.load === 'Bulk') send(connection)
        else echo(connection, micros => { if (measuring) times.push(micros) })
      })
    }
  })
  let started
  setTimeout(() => {
    say('begin')
    measuring = true
    started = process.hrtime.bigint()
  }, warmupMs)
  setTimeout(() => {
    measuring = false
    over = true
    const seconds = Number(process.hrtime.bigint() - started) / 1e9
    times.sort((a, b) => a - b)
    say('end ' + JSON.stringify({ Operations: times.length, Seconds: seconds, P50Micros: percentile(times, 0.5), P99Micros: percentile(times, 0.99) }))
  }, warmupMs + measureMs)
}

const answer = role === 'load-server' ? serve() : line => {
  if (line !== 'memory') measure()
  return line === 'memory' ? '0 0' : 'ok'
}

readline.createInterface({ input: process.stdin }).on('line', line => say(answer(line))).on('close', () => process.exit(0))
