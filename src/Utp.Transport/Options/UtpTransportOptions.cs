using Utp.Transport.Options;

namespace Utp.Transport;

/// <summary>Options of the engine, bound from <c>Utp:Transport</c>; the inherited ones are the defaults of every connection.</summary>
public sealed class UtpTransportOptions : UtpConnectionOptions
{
    /// <summary>Initializes options with the defaults.</summary>
    public UtpTransportOptions()
    {
    }

    /// <summary>Initializes a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    public UtpTransportOptions(UtpTransportOptions other)
        : base(other)
    {
        // The base class has copied the others, and knows which of them are assigned.
        foreach (var key in OptionKeys.Transport.Where(key => key is not IOptionKey<UtpConnectionOptions>))
        {
            key.Copy(other, this);
        }
    }

    /// <summary>Gets or sets the connections per UDP socket, half-open and lingering ones included. Default 65,536, allowed 1 to 1,000,000.</summary>
    public int MaxConnections { get; set; } = 65_536;

    /// <summary>
    /// Gets or sets the established connections per UDP socket that wait to be accepted. Default 512, allowed 1 to 65,535. Beyond it new requests are
    /// dropped in silence, so that the peer tries again; those that were answered before count as unconfirmed until there is room.
    /// </summary>
    public int AcceptBacklog { get; set; } = 512;

    /// <summary>Gets or sets the unconfirmed connection requests per UDP socket. Default 4,096, allowed 1 to 1,000,000.</summary>
    public int MaxHalfOpenConnections { get; set; } = 4_096;

    /// <summary>Gets or sets the unconfirmed connection requests of one remote address per UDP socket. Default 1,024, allowed 1 to 1,000,000.</summary>
    public int MaxHalfOpenConnectionsPerAddress { get; set; } = 1_024;

    /// <summary>Gets or sets the RESETs per second and UDP socket to addresses without a connection. Default 100, allowed 0 (silence) to 100,000.</summary>
    public int MaxResetsPerSecond { get; set; } = 100;

    /// <summary>
    /// Gets or sets the shards: UDP sockets with a receive thread each, for one local endpoint. Default null: one for every two processors, at
    /// least 1 and at most 8; allowed 1 to 64. A connection stays on the shard that its peer's address and port choose. What counts per UDP
    /// socket (<see cref="MaxConnections"/>, <see cref="AcceptBacklog"/>, <see cref="MaxHalfOpenConnections"/>,
    /// <see cref="MaxHalfOpenConnectionsPerAddress"/>, <see cref="MaxResetsPerSecond"/> and the kernel buffers) counts per shard. Connects
    /// without a local endpoint take turns between as many sockets, each with a port of its own.
    /// </summary>
    /// <remarks>
    /// Linux only, and not with <see cref="UtpDatagramOffload.Portable"/>: elsewhere there is one, and a warning if more were asked for. With more
    /// than one, other processes of the same user can join the port after it is open, if they mean to (<c>SO_REUSEPORT</c>): a plain second bind
    /// fails as with one.
    /// </remarks>
    public int? Shards { get; set; }

    /// <summary>
    /// Gets or sets the kernel receive buffer to ask for, in bytes, shared by all connections of a socket. Default 4 MiB, allowed 64 KiB to
    /// 1 GiB. When the system grants less, one warning says how to raise its limit, and connections keep less in flight.
    /// </summary>
    public int KernelReceiveBufferSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Gets or sets the kernel send buffer to ask for, in bytes. Default 4 MiB, allowed 64 KiB to 1 GiB.</summary>
    public int KernelSendBufferSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// Gets or sets how datagrams enter and leave the system. Default <see cref="UtpDatagramOffload.Auto"/>: the best that works. Set
    /// <see cref="UtpDatagramOffload.Portable"/> to rule out the Linux system calls when diagnosing. Where a kernel or a network card loses the
    /// trains that it should cut, a socket notices, logs it (event 1006) and sends datagrams one by one for 5 minutes or longer;
    /// <see cref="UtpDatagramOffload.Batching"/> avoids the tries.
    /// </summary>
    public UtpDatagramOffload DatagramOffload { get; set; } = UtpDatagramOffload.Auto;

    /// <summary>
    /// Gets or sets whether code that waits for input, or for room to write, goes on where the datagram was received: on the receive thread of
    /// the socket, as Kestrel's option of the same name has it for TCP. Default false: on the thread pool. True saves a hop between threads for
    /// every message, which was measured to bring 1.6 times the small messages per second at 0.6 of their processor time; but code that blocks there, even for
    /// a moment, holds up every connection of the socket, and code that blocks until something arrives on it waits for ever. Only for
    /// applications that never block between an await and the next.
    /// </summary>
    public bool UnsafePreferInlineScheduling { get; set; }

    /// <summary>
    /// Gets or sets the file to trace connections to: windows, delays, rates, losses and phases over time, as JSON lines in the record shape of
    /// qlog, for <c>utp plot</c> and others. Default null: no trace, at no cost. The directory must exist; a file that exists is replaced, and one
    /// that cannot be written fails the start with an <see cref="IOException"/>. About 30 KB per second and busy connection, whatever its speed.
    /// </summary>
    public string? TracePath { get; set; }

    /// <summary>
    /// Gets or sets whether the listener factory also claims plain <see cref="System.Net.IPEndPoint"/>s. Default false. For hosts that only
    /// know those; in Kestrel it replaces TCP.
    /// </summary>
    public bool ClaimIPEndPoints { get; set; }
}
