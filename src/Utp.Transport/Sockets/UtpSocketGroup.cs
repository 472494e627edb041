using System.Net;
using Utp.Protocol.Addresses;
using Utp.Protocol.Connections;
using Utp.Protocol.Time;
using Utp.Transport.Connections;
using Utp.Transport.Datagrams;
using Utp.Transport.Datagrams.Sharding;
using Utp.Transport.Diagnostics;
using Utp.Transport.Engine;
using Utp.Transport.Sharing;

namespace Utp.Transport.Sockets;

/// <summary>
/// The UDP sockets of one local endpoint, which are its shards. Most endpoints have one. Each shard has the connections of the peers that
/// <see cref="ShardSelector"/> assigns to it. The shards open together, and close together with the last listener, connection or lingering close.
/// </summary>
internal sealed class UtpSocketGroup
{
    private readonly SocketShard[] _shards;
    private UtpConnectionListener? _listener;

    /// <param name="engine">The engine.</param>
    /// <param name="channels">A channel for each shard, in the order of <see cref="ShardSelector"/>. The group owns them from now on.</param>
    /// <param name="options">The engine's options.</param>
    /// <param name="address">The address that the caller has asked for. The system may have chosen the port.</param>
    /// <param name="outlivesReferences">Whether it stays open for a while when nothing refers to it: for sockets of outbound connections.</param>
    public UtpSocketGroup(UtpEngine engine, IDatagramChannel[] channels, UtpTransportOptions options, IPAddress address, bool outlivesReferences)
    {
        Engine = engine;
        LocalEndPoint = channels[0].LocalEndPoint;
        Key = new IPEndPoint(address, LocalEndPoint.Port);
        OutlivesReferences = outlivesReferences;
        IncomingNonUtp = new IncomingNonUtpDatagrams(engine, LocalEndPoint);
        _shards = new SocketShard[channels.Length];
        for (var i = 0; i < channels.Length; i++)
        {
            _shards[i] = new SocketShard(this, i, channels[i], options);
        }
    }

    public UtpEngine Engine { get; }

    /// <summary>Gets the key of the group in the engine's register.</summary>
    public IPEndPoint Key { get; }

    public IPEndPoint LocalEndPoint { get; }

    public IReadOnlyList<SocketShard> Shards => _shards;

    /// <summary>Gets the queue of received non-uTP datagrams. The shards share it, so that the handler gets one datagram at a time.</summary>
    public IncomingNonUtpDatagrams IncomingNonUtp { get; }

    /// <summary>Gets or sets the number of listeners, connections and lingering closes. The engine's lock guards it.</summary>
    public int ReferenceCount { get; set; }

    public bool OutlivesReferences { get; }

    /// <summary>Gets or sets whether it receives. The engine's lock guards it.</summary>
    public bool IsStarted { get; set; }

    /// <summary>Gets or sets why the group has failed; null unless it has. Set before it is shut.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Gets or sets the time since which there are no references. The engine's lock guards it.</summary>
    public Instant UnreferencedSince { get; set; }

    /// <summary>Gets the number of connections that wait to be accepted.</summary>
    public int AcceptQueueLength => Volatile.Read(ref _listener)?.QueueLength ?? 0;

    /// <summary>Starts to receive. Not part of the constructor, so that a group that has lost a race never runs.</summary>
    public void Start()
    {
        if (_shards.Length > 1)
        {
            // A datagram that came before the kernel had the rule of distribution may be on the wrong shard. A connection that began there would
            // get no further datagrams. The peer repeats a request to connect one second later.
            Array.ForEach(_shards, shard => shard.DiscardReceived());
        }

        Array.ForEach(_shards, shard => shard.Start());
    }

    /// <summary>Gets the shard that receives the datagrams of <paramref name="remote"/>.</summary>
    public SocketShard ShardOf(in PeerAddress remote) =>
        _shards.Length == 1 ? _shards[0] : _shards[ShardSelector.Select(remote, _shards.Length)];

    /// <summary>Lets <paramref name="listener"/> accept connections here. Returns false when there is a listener already.</summary>
    public bool TryListen(UtpConnectionListener listener, ConnectionSettings acceptedConnections)
    {
        // If two listeners try at the same time, the first shard decides. StopListening frees it last.
        for (var i = 0; i < _shards.Length; i++)
        {
            if (!_shards[i].TryListen(listener, acceptedConnections))
            {
                StopListening(listener, i);
                return false;
            }
        }

        Volatile.Write(ref _listener, listener);
        return true;
    }

    /// <summary>Refuses new connections from now on. Existing ones stay open.</summary>
    public void StopListening(UtpConnectionListener listener)
    {
        Interlocked.CompareExchange(ref _listener, null, listener);
        StopListening(listener, _shards.Length);
    }

    public ValueTask UnbindListenerAsync() => Volatile.Read(ref _listener)?.UnbindAsync() ?? ValueTask.CompletedTask;

    /// <summary>Takes the listener of a group that has failed. Returns it once, because two threads may notice the failure.</summary>
    public UtpConnectionListener? TakeListener() => Interlocked.Exchange(ref _listener, null);

    /// <summary>Closes the channels, which frees the address. Any thread, with or without a turn; <see cref="CleanUp"/> follows.</summary>
    public void Shut()
    {
        // All are marked first: an open shard would answer the datagrams of a closed one with a RESET.
        Array.ForEach(_shards, shard => shard.MarkClosed());
        Array.ForEach(_shards, shard => shard.CloseChannel());
    }

    /// <summary>
    /// Ends the connections that are left on a group that is shut. Peers are sent nothing. It waits for the turn of each shard. The caller is the
    /// thread that has shut the group, which may have a turn, or a thread without a turn. Otherwise two threads could wait for each other.
    /// </summary>
    /// <param name="closed">Called once with the totals of each shard.</param>
    public void CleanUp(Action<SocketShard, UtpTransportCounters> closed)
    {
        foreach (var shard in _shards)
        {
            if (shard.CleanUp() is { } counters)
            {
                closed(shard, counters);
            }
        }
    }

    private void StopListening(UtpConnectionListener listener, int shardCount)
    {
        for (var i = shardCount - 1; i >= 0; i--)
        {
            _shards[i].StopListening(listener);
        }
    }
}
