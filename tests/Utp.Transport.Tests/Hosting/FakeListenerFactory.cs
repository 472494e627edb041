using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Tests.Hosting;

/// <summary>Listeners without a network that record the calls of the server, in order.</summary>
internal sealed class FakeListenerFactory : IUtpConnectionListenerFactory
{
    public ConcurrentQueue<string> Journal { get; } = new();

    public Dictionary<string, FakeListener> Listeners { get; } = [];

    /// <summary>Binding a listener of this name fails with this exception.</summary>
    public (string Name, Exception Exception)? Failure { get; set; }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        BindAsync(endpoint, null, cancellationToken);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endPoint, UtpListenerOptions? options, CancellationToken cancellationToken)
    {
        var name = ((UtpEndPoint)endPoint).ListenerName!;
        if (Failure is { } failure && failure.Name == name)
        {
            throw failure.Exception;
        }

        var listener = new FakeListener(name, (UtpEndPoint)endPoint, options, Journal);
        Listeners.Add(name, listener);
        Journal.Enqueue($"bind {name}");
        return new(listener);
    }
}

internal sealed class FakeListener(string name, UtpEndPoint endPoint, UtpListenerOptions? options, ConcurrentQueue<string> journal) : IConnectionListener
{
    private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();

    public EndPoint EndPoint => endPoint;

    public UtpListenerOptions? Options => options;

    public FakeConnection Connect()
    {
        var connection = new FakeConnection(journal);
        Assert.True(_connections.Writer.TryWrite(connection));
        return connection;
    }

    public void FailAccepting(Exception exception) => _connections.Writer.TryComplete(exception);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _connections.Reader.WaitToReadAsync(cancellationToken) && _connections.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        journal.Enqueue($"unbind {name}");
        _connections.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        journal.Enqueue($"dispose {name}");
        _connections.Writer.TryComplete();
        return default;
    }
}

/// <summary>A connection without a peer.</summary>
internal sealed class FakeConnection : DefaultConnectionContext
{
    private readonly ConcurrentQueue<string> _journal;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeConnection(ConcurrentQueue<string> journal)
        : base(Guid.NewGuid().ToString("N"))
    {
        _journal = journal;
        ConnectionClosed = _closed.Token;
        var pipe = new Pipe();
        Transport = new DuplexPipe(pipe.Reader, pipe.Writer);
    }

    public Task Disposed => _disposed.Task;

    public ConnectionAbortedException? AbortReason { get; private set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _journal.Enqueue("abort connection");
        AbortReason = abortReason;
        _closed.Cancel();
    }

    public override ValueTask DisposeAsync()
    {
        _journal.Enqueue("dispose connection");
        _disposed.TrySetResult();
        return base.DisposeAsync();
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
