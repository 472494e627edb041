namespace Utp.Tool.Bench;

/// <summary>What the command line of the connecting side asks for.</summary>
/// <param name="Mode">What to do.</param>
/// <param name="Bytes">Bytes of all streams together; null when <paramref name="Time"/> decides. In connect mode, connections.</param>
/// <param name="Time">How long.</param>
/// <param name="Streams">Connections at once.</param>
/// <param name="MessageSize">Bytes in each write.</param>
internal sealed record BenchPlan(BenchMode Mode, long? Bytes, TimeSpan Time, int Streams, int MessageSize)
{
    /// <summary>What one stream does. Each has its share of the bytes, and the first ones what does not divide.</summary>
    public BenchHeader HeaderOf(int stream)
    {
        var share = Bytes is { } bytes ? (bytes / Streams) + (stream < bytes % Streams ? 1 : 0) : 0;
        return new BenchHeader(Mode, MessageSize, share, Bytes is null ? (int)Time.TotalMilliseconds : 0);
    }
}
