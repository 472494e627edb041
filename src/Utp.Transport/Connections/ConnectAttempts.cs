using Utp.Transport.Engine;

namespace Utp.Transport.Connections;

/// <summary>
/// Connects to a host that has several addresses, by RFC 8305. The next attempt starts when the last one has failed or 250 ms have passed. The first
/// attempt that succeeds ends the others.
/// </summary>
internal sealed class ConnectAttempts(UtpEngine engine, UtpConnectionOptions options)
{
    /// <summary>The connection attempt delay that RFC 8305 recommends in section 5.</summary>
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs the attempts.</summary>
    /// <param name="routes">The routes in the order of the attempts, at least one.</param>
    /// <param name="lease">The lease, which the connection gets.</param>
    /// <param name="cancellationToken">Ends all attempts.</param>
    public async Task<UtpConnection> RunAsync(IReadOnlyList<Route> routes, IDisposable lease, CancellationToken cancellationToken)
    {
        if (routes.Count == 1)
        {
            return await engine.ConnectAsync(routes[0].Remote, options, routes[0].Local, lease, cancellationToken).ConfigureAwait(false);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<UtpConnection>>();
        Exception? failure = null;
        for (var next = 0; next < routes.Count || running.Count > 0;)
        {
            if (next < routes.Count)
            {
                var (remote, local) = routes[next++];
                running.Add(engine.ConnectAsync(remote, options, local, null, stop.Token).AsTask());
            }

            if (await FirstToEndAsync(running, next < routes.Count, cancellationToken).ConfigureAwait(false) is not { } ended)
            {
                continue;
            }

            running.Remove(ended);
            if (ended.IsCompletedSuccessfully)
            {
                await stop.CancelAsync().ConfigureAwait(false);
                running.ForEach(Abandon);
                var connection = await ended.ConfigureAwait(false);
                connection.TakeLease(lease);
                return connection;
            }

            // The resolver prefers the first address, so its failure is the most useful one.
            failure ??= ended.Exception?.InnerException;
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw failure!;
    }

    /// <summary>Waits for the first attempt to end. Returns null when it is time for another attempt.</summary>
    private async Task<Task<UtpConnection>?> FirstToEndAsync(List<Task<UtpConnection>> running, bool mayStartAnother, CancellationToken cancellationToken)
    {
        var first = Task.WhenAny(running);
        if (mayStartAnother)
        {
            try
            {
                return await first.WaitAsync(AttemptDelay, engine.Clock.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }

        return await first.ConfigureAwait(false);
    }

    /// <summary>Aborts the connection of an attempt that is no longer needed, or ignores its exception.</summary>
    private static void Abandon(Task<UtpConnection> attempt) => attempt.ContinueWith(
        static ended =>
        {
            if (ended.IsCompletedSuccessfully)
            {
                ended.Result.Abort(UtpErrors.AbortedByApplication());
                ended.Result.DisposeAsync().AsTask();
            }
            else
            {
                _ = ended.Exception;
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
