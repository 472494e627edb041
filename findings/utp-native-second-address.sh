#!/usr/bin/env bash
# A libutp server that listens on all addresses can be reached at one of them only.
#
# Version: npm utp-native 2.5.3 (with the libutp that it ships), Node.js 20, Linux.
# Expected: a server bound to 0.0.0.0 accepts a connection at each address of its host, as a TCP server does.
# Seen:     it answers from the address that the routing table prefers, not from the one that was dialled. The dialling side waits for an
#           answer from the address that it knows, and fails after 21 s:
#             127.0.0.1: echo
#             127.0.0.2: UTP_ETIMEDOUT after 21 s
# Why it matters: a peer with a second address (another interface, a container's host, a temporary IPv6 address) is to be dialled at its first.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when the package cannot be installed or run.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
npm install --silent --no-audit --no-fund utp-native@2.5.3 >/dev/null 2>&1 || { echo "cannot install utp-native 2.5.3"; exit 2; }
node -e 'require("utp-native")' 2>/dev/null || { echo "utp-native 2.5.3 does not load here"; exit 2; }

cat >try.js <<'JS'
const utp = require('utp-native')

const server = utp.createServer(socket => {
  socket.on('data', data => socket.write(data))
  socket.on('error', () => {})
})

function dial (host) {
  return new Promise(resolve => {
    const begin = Date.now()
    const client = utp.connect(server.address().port, host)
    client.on('data', () => { resolve('echo'); client.destroy() })
    client.on('error', error => resolve(`${error.code} after ${Math.round((Date.now() - begin) / 1000)} s`))
    client.write('hello')
  })
}

server.listen(0, '0.0.0.0', async () => {
  for (const host of ['127.0.0.1', '127.0.0.2']) console.log(`${host}: ${await dial(host)}`)
  process.exit(0)
})
JS

seen=$(timeout 60 node try.js)
printf '%s\n' "$seen"
case "$seen" in
  *"127.0.0.1: echo"*"127.0.0.2: UTP_ETIMEDOUT"*) exit 0 ;;
  *"127.0.0.1: echo"*) exit 1 ;;
  *) echo "the plain case does not work here"; exit 2 ;;
esac
