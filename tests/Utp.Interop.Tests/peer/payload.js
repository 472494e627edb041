'use strict'

const BLOCK_BYTES = 1 << 20

/** A stream of pseudo-random bytes that depends on the seed alone; the tests' own side makes the same (Payload.cs). */
class PayloadSource {
  constructor (seed) {
    this.state = seed >>> 0 || 1
    this.block = Buffer.alloc(0)
  }

  /** The next bytes of the stream. */
  next (bytes) {
    const parts = []
    while (bytes > 0) {
      if (this.block.length === 0) this.block = this.makeBlock()
      const part = this.block.subarray(0, bytes)
      this.block = this.block.subarray(part.length)
      parts.push(part)
      bytes -= part.length
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  /** xorshift32, four little-endian bytes a step. */
  makeBlock () {
    const words = new Uint32Array(BLOCK_BYTES / 4)
    let x = this.state
    for (let i = 0; i < words.length; i++) {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      words[i] = x
    }
    this.state = x >>> 0
    return Buffer.from(words.buffer)
  }
}

module.exports = { PayloadSource }
