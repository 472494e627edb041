using System.Net;
using System.Net.Sockets;
using Utp.Protocol.Tracing;
using Utp.Transport.Diagnostics;
using Utp.Transport.Diagnostics.Tracing;

namespace Utp.Transport.Engine;

/// <content>The register of sockets. Its lock is taken inside turns, so nothing under it may take a turn.</content>
internal sealed partial class UtpEngine
{
    /// <summary>How long a socket for outbound connects outlives the last of them: a client that connects again soon finds it open.</summary>
    private const long ClientSocketLingerMicros = 5_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, UtpSocket> _sockets = [];
    private UtpTransportCounters _closedCounters;
    private TraceFile? _trace;
    private UtpSocket? _clientSocketIPv4;
    private UtpSocket? _clientSocketIPv6;
    private ITimer? _clientSocketTimer;
    private bool _stopped;

    /// <summary>Open UDP sockets.</summary>
    public int SocketCount
    {
        get
        {
            lock (_lock)
            {
                return _sockets.Count;
            }
        }
    }

    public void AddReference(UtpSocket socket)
    {
        lock (_lock)
        {
            socket.ReferenceCount++;
        }
    }

    /// <summary>Closes the socket when this was its last reference; one for outbound connects a little later.</summary>
    public void ReleaseReference(UtpSocket socket)
    {
        lock (_lock)
        {
            if (--socket.ReferenceCount > 0)
            {
                return;
            }

            if (socket.OutlivesReferences && !_stopped)
            {
                socket.UnreferencedSince = Clock.Now;
                ArmClientSocketTimer();
                return;
            }

            Remove(socket);
        }

        CleanUp(socket);
    }

    /// <summary>A defect of ours: the socket's connections end, and whoever comes next gets a fresh one.</summary>
    public void OnFailed(UtpSocket socket)
    {
        lock (_lock)
        {
            Remove(socket);
        }

        CleanUp(socket);
    }

    private UtpSocket AcquireSocket(IPEndPoint local)
    {
        lock (_lock)
        {
            if (!_sockets.TryGetValue(local, out var socket))
            {
                socket = OpenSocket(local, outlivesReferences: false);
            }

            socket.ReferenceCount++;
            return socket;
        }
    }

    private UtpSocket AcquireClientSocket(AddressFamily family)
    {
        lock (_lock)
        {
            ref var socket = ref family == AddressFamily.InterNetworkV6 ? ref _clientSocketIPv6 : ref _clientSocketIPv4;
            socket ??= OpenSocket(new IPEndPoint(family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), outlivesReferences: true);
            if (family == AddressFamily.InterNetworkV6 && socket.LocalEndPoint.AddressFamily != family)
            {
                throw UtpErrors.NoIPv6();
            }

            socket.ReferenceCount++;
            return socket;
        }
    }

    private UtpSocket OpenSocket(IPEndPoint local, bool outlivesReferences)
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        OpenTrace();
        var channel = OpenChannel(local, _options.Value, Clock, Logger);
        var socket = new UtpSocket(this, channel, _options.Value, new IPEndPoint(local.Address, channel.LocalEndPoint.Port), outlivesReferences);
        _sockets.Add(socket.Key, socket);
        StartSampling();
        socket.Start();
        return socket;
    }

    /// <summary>What the connections of a socket are traced to; null for nothing.</summary>
    public ITraceSink? TraceOf(IPEndPoint local) => _trace is { } trace ? new SocketTrace(trace, local) : null;

    private void OpenTrace()
    {
        if (_trace is null && !_stopped && _options.Value.Trace is { } path)
        {
            _trace = TraceFile.Open(path, Clock, Logger);
        }
    }

    private UtpSocket? FindSocket(IPEndPoint local)
    {
        lock (_lock)
        {
            return _sockets.TryGetValue(local, out var socket) ? socket : _sockets.Values.FirstOrDefault(other => other.LocalEndPoint.Equals(local));
        }
    }

    private UtpSocket[] AllSockets()
    {
        lock (_lock)
        {
            return [.. _sockets.Values];
        }
    }

    /// <summary>Frees the address before anybody else can ask for it. The caller cleans up outside the lock.</summary>
    private void Remove(UtpSocket socket)
    {
        if (!_sockets.TryGetValue(socket.Key, out var registered) || registered != socket)
        {
            return;
        }

        _sockets.Remove(socket.Key);
        _clientSocketIPv4 = _clientSocketIPv4 == socket ? null : _clientSocketIPv4;
        _clientSocketIPv6 = _clientSocketIPv6 == socket ? null : _clientSocketIPv6;
        socket.Shut();
    }

    private void CleanUp(UtpSocket socket)
    {
        if (socket.CleanUp() is { } counters)
        {
            lock (_lock)
            {
                _closedCounters = Sum(_closedCounters, counters);
            }
        }
    }

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
        List<UtpSocket> unused = [];
        lock (_lock)
        {
            _clientSocketTimer?.Dispose();
            _clientSocketTimer = null;
            foreach (var socket in new[] { _clientSocketIPv4, _clientSocketIPv6 })
            {
                if (socket is not { ReferenceCount: 0 })
                {
                    continue;
                }

                if (Clock.Now - socket.UnreferencedSince >= ClientSocketLingerMicros)
                {
                    Remove(socket);
                    unused.Add(socket);
                }
                else
                {
                    ArmClientSocketTimer();
                }
            }
        }

        unused.ForEach(CleanUp);
    }
}
