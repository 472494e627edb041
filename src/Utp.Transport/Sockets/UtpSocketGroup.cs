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
/// The UDP sockets of one local endpoint, its shards: mostly one. Each has its own connections, of those peers that <see cref="ShardSelector"/>
/// gives it. They open and close together, when the last listener, connection or lingering close of any of them is gone.
/// </summary>
internal sealed class UtpSocketGroup
{
    private readonly UtpSocket[] _shards;
    private UtpConnectionListener? _listener;

    /// <param name="engine">Whose group it is.</param>
    /// <param name="channels">One for each shard, in the order of <see cref="ShardSelector"/>; owned from now on.</param>
    /// <param name="options">The engine's.</param>
    /// <param name="address">What was asked for; the port may have been chosen by the system.</param>
    /// <param name="outlivesReferences">Whether it stays open for a while when nothing refers to it: for ports that nobody chose.</param>
    public UtpSocketGroup(UtpEngine engine, IDatagramChannel[] channels, UtpTransportOptions options, IPAddress address, bool outlivesReferences)
    {
        Engine = engine;
        LocalEndPoint = channels[0].LocalEndPoint;
        Key = new IPEndPoint(address, LocalEndPoint.Port);
        OutlivesReferences = outlivesReferences;
        Foreign = new IncomingNonUtpDatagrams(engine, LocalEndPoint);
        _shards = new UtpSocket[channels.Length];
        for (var i = 0; i < channels.Length; i++)
        {
            _shards[i] = new UtpSocket(this, i, channels[i], options);
        }
    }

    public UtpEngine Engine { get; }

    /// <summary>What the engine finds it by.</summary>
    public IPEndPoint Key { get; }

    public IPEndPoint LocalEndPoint { get; }

    public IReadOnlyList<UtpSocket> Shards => _shards;

    /// <summary>Shared, so that the handler gets the endpoint's datagrams one at a time.</summary>
    public IncomingNonUtpDatagrams Foreign { get; }

    /// <summary>Listeners, connections and lingering closes; guarded by the engine's lock.</summary>
    public int ReferenceCount { get; set; }

    public bool OutlivesReferences { get; }

    /// <summary>Why it ended; null unless it failed. Set before it is shut.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Since when there are no references; guarded by the engine's lock.</summary>
    public Instant UnreferencedSince { get; set; }

    /// <summary>Connections that wait to be accepted.</summary>
    public int AcceptQueueLength => Volatile.Read(ref _listener)?.QueueLength ?? 0;

    /// <summary>Begins to receive. Not part of construction, so that a group that lost a race never runs.</summary>
    public void Start()
    {
        if (_shards.Length > 1)
        {
            // Whatever came before the kernel knew how to choose may be on the wrong shard, and a connection that began there would get no further
            // datagram. A peer that asked for one asks again, a second later.
            Array.ForEach(_shards, shard => shard.DiscardReceived());
        }

        Array.ForEach(_shards, shard => shard.Start());
    }

    /// <summary>The shard that gets what <paramref name="remote"/> sends.</summary>
    public UtpSocket ShardOf(in PeerAddress remote) =>
        _shards.Length == 1 ? _shards[0] : _shards[ShardSelector.Select(remote, _shards.Length)];

    /// <summary>Makes <paramref name="listener"/> the one that accepts here; false when there is one already.</summary>
    public bool TryListen(UtpConnectionListener listener, ConnectionSettings acceptedConnections)
    {
        // The first shard decides between two that try; who stops frees it last.
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

    /// <summary>Refuses new connections from now on; those that exist go on.</summary>
    public void StopListening(UtpConnectionListener listener)
    {
        Interlocked.CompareExchange(ref _listener, null, listener);
        StopListening(listener, _shards.Length);
    }

    public ValueTask UnbindListenerAsync() => Volatile.Read(ref _listener)?.UnbindAsync() ?? ValueTask.CompletedTask;

    /// <summary>The listener of a group that has failed; it is given once, because two may notice.</summary>
    public UtpConnectionListener? TakeListener() => Interlocked.Exchange(ref _listener, null);

    /// <summary>Ends the channels, and with them the address. Any thread, with or without a turn; <see cref="CleanUp"/> follows.</summary>
    public void Shut()
    {
        // First all: a shard would answer datagrams of one that is gone with a RESET.
        Array.ForEach(_shards, shard => shard.MarkClosed());
        Array.ForEach(_shards, shard => shard.CloseChannel());
    }

    /// <summary>
    /// Ends what is left on a group that is shut, without a word to peers. Waits for the turn of each shard: to be called by the one who shut the
    /// group, even within a turn, or without any. Otherwise two could wait for each other.
    /// </summary>
    /// <param name="closed">Gets the totals of each shard, once.</param>
    public void CleanUp(Action<UtpSocket, Diagnostics.UtpTransportCounters> closed)
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
