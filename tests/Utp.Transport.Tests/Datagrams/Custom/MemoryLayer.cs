using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Utp.Transport.Tests.Datagrams.Custom;

/// <summary>A layer that carries datagrams within the process, as an application would write one.</summary>
internal sealed class MemoryLayer : IUtpDatagramLayer
{
    private readonly ConcurrentDictionary<int, MemorySocket> _sockets = new();
    private int _lastPort = 20_000;

    /// <summary>Called before each receive; may throw.</summary>
    public Action<MemorySocket>? ReceiveFault { get; set; }

    /// <summary>Called before each send; may throw.</summary>
    public Action? SendFault { get; set; }

    public int OpenedCount { get; private set; }

    public ICollection<MemorySocket> Open => _sockets.Values;

    IUtpDatagramSocket IUtpDatagramLayer.Open(IPEndPoint local)
    {
        var port = local.Port == 0 ? Interlocked.Increment(ref _lastPort) : local.Port;
        var socket = new MemorySocket(this, new IPEndPoint(IPAddress.Loopback, port));
        if (!_sockets.TryAdd(port, socket))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        OpenedCount++;
        return socket;
    }

    internal sealed class MemorySocket(MemoryLayer layer, IPEndPoint local) : IUtpDatagramSocket
    {
        private readonly Channel<(IPEndPoint From, byte[] Bytes)> _arrived = Channel.CreateUnbounded<(IPEndPoint, byte[])>();

        public IPEndPoint LocalEndPoint => local;

        /// <summary>Whether a receive waits.</summary>
        public bool IsReceiving { get; private set; }

        public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<SocketReceiveFromResult> ReceiveFromAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            IsReceiving = true;
            try
            {
                var (from, bytes) = await _arrived.Reader.ReadAsync(cancellationToken);
                layer.ReceiveFault?.Invoke(this);
                bytes.CopyTo(buffer);
                return new SocketReceiveFromResult { ReceivedBytes = bytes.Length, RemoteEndPoint = from };
            }
            finally
            {
                IsReceiving = false;
            }
        }

        public void SendTo(ReadOnlySpan<byte> datagram, IPEndPoint remote)
        {
            layer.SendFault?.Invoke();
            if (layer._sockets.TryGetValue(remote.Port, out var receiver))
            {
                receiver._arrived.Writer.TryWrite((local, datagram.ToArray()));
            }
        }

        public void Dispose()
        {
            layer._sockets.TryRemove(local.Port, out _);
            Disposed.TrySetResult();
        }
    }
}
