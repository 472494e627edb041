namespace Utp.Transport.Engine;

/// <summary>
/// Engines with open sockets. When a process ends, the kernel delivers the last bytes of its TCP connections. For uTP only the process can do
/// that, so it waits as long as the linger timeouts of the connections and <see cref="LongestDrain"/> allow.
/// The references to engines are weak: an engine that nothing refers to can be collected once it has no socket.
/// </summary>
internal static class LiveEngines
{
    /// <summary>Less than the ten seconds that service managers commonly leave between the request to end and the kill.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(8);

    /// <summary>The time for the RESETs and the closing of sockets after the drain. They do not wait for peers.</summary>
    private static readonly TimeSpan CleanUpTime = TimeSpan.FromSeconds(1);

    private static readonly Lock Guard = new();
    private static readonly List<WeakReference<UtpEngine>> Engines = [];
    private static bool _subscribed;

    /// <summary>Adds an engine. Called whenever a socket opens.</summary>
    public static void Add(UtpEngine engine)
    {
        lock (Guard)
        {
            if (!_subscribed)
            {
                _subscribed = true;
                AppDomain.CurrentDomain.ProcessExit += static (_, _) => DrainAll();
                AppDomain.CurrentDomain.UnhandledException += static (_, e) => AbortAll(e.IsTerminating);
            }

            if (!Engines.Exists(reference => reference.TryGetTarget(out var known) && known == engine))
            {
                Engines.RemoveAll(static reference => !reference.TryGetTarget(out _));
                Engines.Add(new WeakReference<UtpEngine>(engine));
            }
        }
    }

    /// <summary>Removes an engine that has stopped.</summary>
    public static void Remove(UtpEngine engine)
    {
        lock (Guard)
        {
            Engines.RemoveAll(reference => !reference.TryGetTarget(out var known) || known == engine);
        }
    }

    /// <summary>Gets whether the engine would be drained. For tests.</summary>
    internal static bool Contains(UtpEngine engine) => Array.Exists(All(), known => known == engine);

    private static UtpEngine[] All()
    {
        lock (Guard)
        {
            return [.. Engines.Select(static reference => reference.TryGetTarget(out var engine) ? engine : null).OfType<UtpEngine>()];
        }
    }

    private static void DrainAll()
    {
        if (All() is { Length: > 0 } engines)
        {
            Within(LongestDrain + CleanUpTime, () => Task.WhenAll(engines.Select(static engine => engine.StopWithProcessAsync(LongestDrain))));
        }
    }

    /// <summary>Resets all connections when the process crashes: there is no time to deliver anything, and without a RESET peers wait for a timeout.</summary>
    private static void AbortAll(bool isTerminating)
    {
        if (isTerminating && All() is { Length: > 0 } engines)
        {
            Within(CleanUpTime, () => Task.Run(() => Array.ForEach(engines, static engine => engine.AbortConnections())));
        }
    }

    private static void Within(TimeSpan time, Func<Task> run)
    {
        try
        {
            run().Wait(time);
        }
#pragma warning disable CA1031 // The process ends: loggers and providers may be disposed already, so there is nowhere to report it.
        catch (Exception)
        {
            // Peers detect the end by their timeouts.
        }
#pragma warning restore CA1031
    }
}
