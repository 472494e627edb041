using Utp.Transport.Options;

namespace Utp.Transport;

/// <summary>Options of the engine, bound from <c>Utp:Transport</c>; the inherited options are the defaults of every connection.</summary>
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

    /// <summary>
    /// Gets or sets the maximum number of connections per UDP socket, half-open and lingering ones included. Default 65,536, allowed 1 to 1,000,000.
    /// </summary>
    public int MaxConnections { get; set; } = 65_536;

    /// <summary>
    /// Gets or sets the maximum number of established connections per UDP socket that wait to be accepted. Default 512, allowed 1 to 65,535. Beyond
    /// it the engine silently drops new requests, so that the peer tries again; connections that it has already answered count as unconfirmed until
    /// there is room.
    /// </summary>
    public int AcceptBacklog { get; set; } = 512;

    /// <summary>Gets or sets the maximum number of unconfirmed connection requests per UDP socket. Default 4,096, allowed 1 to 1,000,000.</summary>
    public int MaxHalfOpenConnections { get; set; } = 4_096;

    /// <summary>
    /// Gets or sets the maximum number of unconfirmed connection requests of one remote address per UDP socket. Default 1,024, allowed 1 to 1,000,000.
    /// </summary>
    public int MaxHalfOpenConnectionsPerAddress { get; set; } = 1_024;

    /// <summary>
    /// Gets or sets the maximum number of RESETs per second and UDP socket to addresses without a connection. Default 100, allowed 0 (silence) to
    /// 100,000.
    /// </summary>
    public int MaxResetsPerSecond { get; set; } = 100;

    /// <summary>
    /// Gets or sets the number of shards: UDP sockets for one local endpoint, with a receive thread each. Default null: one for every two
    /// processors, at least 1 and at most 8; allowed 1 to 64. The address and port of the peer determine the shard of a connection. Limits per UDP
    /// socket (<see cref="MaxConnections"/>, <see cref="AcceptBacklog"/>, <see cref="MaxHalfOpenConnections"/>,
    /// <see cref="MaxHalfOpenConnectionsPerAddress"/>, <see cref="MaxResetsPerSecond"/> and the kernel buffers) apply to each shard. Connects without a
    /// local endpoint use the same number of sockets in turn, each with its own port.
    /// </summary>
    /// <remarks>
    /// Several shards need Linux, and a mode other than <see cref="UtpDatagramOffload.Portable"/>: otherwise there is one, and a warning if the
    /// options ask for more. With more than one, other processes of the same user can join the open port if they mean to
    /// (<c>SO_REUSEPORT</c>); a plain second bind fails as it does with one shard.
    /// </remarks>
    public int? Shards { get; set; }

    /// <summary>
    /// Gets or sets the size of the kernel receive buffer to request, in bytes, shared by all connections of a socket. Default 4 MiB, allowed 64 KiB
    /// to 1 GiB. When the system grants less, one warning says how to raise its limit, and connections keep fewer bytes in flight.
    /// </summary>
    public int KernelReceiveBufferSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Gets or sets the size of the kernel send buffer to request, in bytes. Default 4 MiB, allowed 64 KiB to 1 GiB.</summary>
    public int KernelSendBufferSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// Gets or sets how datagrams enter and leave the system. Default <see cref="UtpDatagramOffload.Auto"/>: the best mode that works. Set
    /// <see cref="UtpDatagramOffload.Portable"/> to exclude the Linux system calls during a diagnosis. Where a kernel or a network card loses the trains
    /// that it should cut, a socket detects this, logs it (event 1006) and sends datagrams one by one for 5 minutes or longer;
    /// <see cref="UtpDatagramOffload.Batching"/> avoids the attempts.
    /// </summary>
    public UtpDatagramOffload DatagramOffload { get; set; } = UtpDatagramOffload.Auto;

    /// <summary>
    /// Gets or sets the differentiated services code point (DSCP) in the IP headers of all datagrams. Default 0: best effort. Allowed 0 to 63. 1 is
    /// lower effort (LE, RFC 8622): networks that know it forward these datagrams only when nothing else needs the link. That suits background
    /// transfers. Others treat the mark as 0, or remove it. Where the system does not mark datagrams (Windows), a warning says so once.
    /// </summary>
    public int DscpCodePoint { get; set; }

    /// <summary>
    /// Gets or sets the name of the network interface to send and receive through, for example <c>wg0</c> for a tunnel. Default null: all
    /// interfaces, as the routes of the system say. It applies to every UDP socket of the engine; connections of this host to its own addresses then
    /// fail, unless the interface is the loopback one. Linux only, in a mode other than <see cref="UtpDatagramOffload.Portable"/>; kernels before
    /// 5.7 need the capability <c>CAP_NET_RAW</c>. If it is impossible, binding and connecting fail with an
    /// <see cref="InvalidOperationException"/> that says why.
    /// </summary>
    public string? NetworkInterface { get; set; }

    /// <summary>
    /// Gets or sets whether code that waits for input, or for room to write, resumes inline on the receive thread of the socket, as with Kestrel's
    /// option of the same name for TCP. Default false: it resumes on the thread pool. True saves a thread switch for every message: in measurements
    /// small messages per second rise by a factor of 1.6, at 0.6 of the processor time per message. But code that blocks on the receive thread, even
    /// for a moment, delays every connection of the socket, and code that blocks there until something arrives waits for ever. Use it only for
    /// applications that never block between two awaits.
    /// </summary>
    public bool UnsafePreferInlineScheduling { get; set; }

    /// <summary>
    /// Gets or sets the file to trace connections to: windows, delays, rates, losses and phases over time, as JSON lines in the record format of
    /// qlog, for <c>utp plot</c> and other tools. Default null: no trace, at no cost. The directory must exist. An existing file is replaced, and a
    /// file that cannot be written fails the start with an <see cref="IOException"/>. A trace grows by about 30 KB per second and busy connection,
    /// whatever its speed.
    /// </summary>
    public string? TracePath { get; set; }

    /// <summary>
    /// Gets or sets whether the listener factory claims plain <see cref="System.Net.IPEndPoint"/>s when a host asks what it can bind. Default false. It
    /// is for hosts that know only those endpoints; in Kestrel it replaces TCP. <see cref="IUtpConnectionListenerFactory"/> binds them in any case.
    /// </summary>
    public bool ClaimIPEndPoints { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that all connections of the engine send together per second. Default null: no limit. Allowed
    /// 1,000 to 2,000,000,000. <see cref="IUtpRateLimits"/> says what counts, and changes the limit at run time.
    /// </summary>
    public int? MaxTotalSendBytesPerSecond { get; set; }

    /// <summary>
    /// Gets or sets the maximum number of payload bytes that all connections of the engine receive together per second. Default null: no limit.
    /// Allowed 1,000 to 2,000,000,000.
    /// </summary>
    public int? MaxTotalReceiveBytesPerSecond { get; set; }
}
