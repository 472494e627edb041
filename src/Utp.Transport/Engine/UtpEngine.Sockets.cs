using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Addresses;
using Utp.Protocol.Tracing;
using Utp.Transport.Connections;
using Utp.Transport.Diagnostics;
using Utp.Transport.Diagnostics.Tracing;
using Utp.Transport.Sockets;

namespace Utp.Transport.Engine;

/// <content>
/// The register of local endpoints and their sockets. Lock order: a thread that has a turn may take the engine's lock; a thread that has the engine's
/// lock must not wait for a turn.
/// </content>
internal sealed partial class UtpEngine
{
    /// <summary>
    /// The time for which a socket of outbound connections stays open after the last of them (5 s), so that a client that connects again soon finds
    /// it open.
    /// </summary>
    private const long ClientSocketLingerMicros = 5_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, UtpSocketGroup> _groups = [];

    /// <summary>Shards of removed groups whose totals <see cref="_closedCounters"/> does not contain yet. They are kept so that totals never fall.</summary>
    private readonly HashSet<SocketShard> _closing = [];
    private readonly ClientSockets _clientSocketsIPv4 = new();
    private readonly ClientSockets _clientSocketsIPv6 = new();
    private UtpTransportCounters _closedCounters;
    private TraceFile? _trace;
    private ITimer? _clientSocketTimer;
    private bool _stopped;

    /// <summary>Gets the number of open UDP sockets.</summary>
    public int SocketCount
    {
        get
        {
            lock (_lock)
            {
                return _groups.Values.Sum(group => group.Shards.Count);
            }
        }
    }

    public void AddReference(UtpSocketGroup group)
    {
        lock (_lock)
        {
            group.ReferenceCount++;
        }
    }

    /// <summary>Releases a reference. Closes the group with the last one; a group of outbound connections closes some time later.</summary>
    public void ReleaseReference(UtpSocketGroup group)
    {
        lock (_lock)
        {
            if (--group.ReferenceCount > 0)
            {
                return;
            }

            if (group.OutlivesReferences && !_stopped)
            {
                group.UnreferencedSince = Clock.Now;
                ArmClientSocketTimer();
                return;
            }

            if (!TryRemove(group))
            {
                return;
            }
        }

        CleanUp(group);
    }

    /// <param name="local">The local endpoint.</param>
    /// <param name="shardCount">The number of shards if it is not open.</param>
    /// <param name="start">False if <see cref="Start"/> follows.</param>
    private UtpSocketGroup Acquire(IPEndPoint local, int shardCount, bool start = true)
    {
        lock (_lock)
        {
            // Without IPv6, a socket for [::] is bound to 0.0.0.0, so that its key and its endpoint differ.
            var group = _groups.TryGetValue(local, out var known)
                ? known
                : FindBound(local) ?? Open(local, shardCount, outlivesReferences: false);

            if (start)
            {
                Start(group);
            }

            group.ReferenceCount++;
            return group;
        }
    }

    /// <summary>
    /// Starts to receive. A group that is opened for a listener starts when it listens: requests to connect may wait in its sockets already, and would
    /// be refused before.
    /// </summary>
    private void Start(UtpSocketGroup group)
    {
        lock (_lock)
        {
            if (!group.IsStarted)
            {
                group.IsStarted = true;
                StartOrUndo(group);
            }
        }
    }

    /// <summary>Gets a group to connect from. If the system chooses the port, no listener can share the socket, so one shard is enough.</summary>
    private UtpSocketGroup AcquireForConnect(IPEndPoint? local, AddressFamily family) =>
        local is null ? AcquireClientSocket(family) : Acquire(local, local.Port == 0 ? 1 : EffectiveShardCount);

    private UtpSocketGroup AcquireClientSocket(AddressFamily family)
    {
        lock (_lock)
        {
            var (sockets, any) = family == AddressFamily.InterNetworkV6 ? (_clientSocketsIPv6, IPAddress.IPv6Any) : (_clientSocketsIPv4, IPAddress.Any);
            var group = sockets.Next(EffectiveShardCount, () => Open(new IPEndPoint(any, 0), shardCount: 1, outlivesReferences: true));
            if (family == AddressFamily.InterNetworkV6 && group.LocalEndPoint.AddressFamily != family)
            {
                throw UtpErrors.NoIPv6();
            }

            Start(group);
            group.ReferenceCount++;
            return group;
        }
    }

    private UtpSocketGroup Open(IPEndPoint local, int shardCount, bool outlivesReferences)
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        OpenTrace();
        LiveEngines.Add(this);
        var group = CreateGroup(local, shardCount, outlivesReferences);
        _groups.Add(group.Key, group);
        StartSampling();
        return group;
    }

    private UtpSocketGroup CreateGroup(IPEndPoint local, int shardCount, bool outlivesReferences)
    {
        // Created here, because the factory is code of the application, and its exceptions must not reach a turn.
        _ = MemoryPool;
        var options = _options.Value;
        var channels = OpenChannels(local, shardCount, options, Clock, Logger);
        try
        {
            return new UtpSocketGroup(this, channels, options, local.Address, outlivesReferences);
        }
        catch
        {
            Array.ForEach(channels, channel => channel.Dispose());
            throw;
        }
    }

    /// <summary>Gets where the connections of a socket are traced to; null without a trace.</summary>
    public ITraceSink? TraceOf(IPEndPoint local) => _trace is { } trace ? new SocketTrace(trace, local) : null;

    private void OpenTrace()
    {
        if (_trace is null && !_stopped && _options.Value.TracePath is { } path)
        {
            _trace = TraceFile.Open(path, Clock, Logger);
        }
    }

    /// <summary>
    /// Finds the group of a local endpoint: by its own address, by 0.0.0.0 for the IPv4 half of a dual-mode socket, or by one of the addresses of a
    /// wildcard socket.
    /// </summary>
    /// <param name="local">The endpoint.</param>
    /// <param name="source">The source address of datagrams; <c>default</c> if the endpoint has no address, or if the socket has only one.</param>
    private UtpSocketGroup? Find(IPEndPoint local, out LocalAddress source)
    {
        source = default;
        lock (_lock)
        {
            if ((_groups.TryGetValue(local, out var group) ? group : FindBound(local)) is { } own)
            {
                return own;
            }

            var isIPv4 = PeerAddress.FromEndPoint(local).IsIPv4;
            var wildcard = (isIPv4 ? FindBound(new IPEndPoint(IPAddress.Any, local.Port)) : null) ?? FindBound(new IPEndPoint(IPAddress.IPv6Any, local.Port));
            source = wildcard is null ? default : LocalAddress.FromEndPoint(local);
            return wildcard;
        }
    }

    private UtpSocketGroup? FindBound(IPEndPoint local) => _groups.Values.FirstOrDefault(group => group.LocalEndPoint.Equals(local));

    private UtpSocketGroup[] AllGroups()
    {
        lock (_lock)
        {
            return [.. _groups.Values];
        }
    }

    private static IEnumerable<SocketShard> ShardsOf(UtpSocketGroup[] groups) => groups.SelectMany(group => group.Shards);

    /// <summary>Removes and shuts a group, which frees its address. A caller that gets true must clean up outside the lock.</summary>
    private bool TryRemove(UtpSocketGroup group)
    {
        if (!_groups.TryGetValue(group.Key, out var registered) || registered != group)
        {
            return false;
        }

        _groups.Remove(group.Key);
        _closing.UnionWith(group.Shards);
        _clientSocketsIPv4.Remove(group);
        _clientSocketsIPv6.Remove(group);
        group.Shut();
        return true;
    }

    private void CleanUp(UtpSocketGroup group) => group.CleanUp((shard, counters) =>
    {
        lock (_lock)
        {
            _closing.Remove(shard);
            _closedCounters = Sum(_closedCounters, counters);
        }
    });

    private void ArmClientSocketTimer()
    {
        if (_clientSocketTimer is null)
        {
            using var noFlow = ExecutionContext.SuppressFlow();
            _clientSocketTimer = Clock.TimeProvider.CreateTimer(
                static state => ((UtpEngine)state!).CloseUnusedClientSockets(),
                this,
                TimeSpan.FromMicroseconds(ClientSocketLingerMicros + 1_000),
                Timeout.InfiniteTimeSpan);
        }
    }

    private void CloseUnusedClientSockets()
    {
        List<UtpSocketGroup> unused = [];
        lock (_lock)
        {
            _clientSocketTimer?.Dispose();
            _clientSocketTimer = null;
            foreach (var group in _clientSocketsIPv4.Open.Concat(_clientSocketsIPv6.Open).Where(group => group.ReferenceCount == 0).ToArray())
            {
                if (Clock.Now - group.UnreferencedSince < ClientSocketLingerMicros)
                {
                    ArmClientSocketTimer();
                }
                else if (TryRemove(group))
                {
                    unused.Add(group);
                }
            }
        }

        unused.ForEach(CleanUp);
    }
}
