namespace Utp.Transport.Connections;

/// <summary>Identifiers of connections in logs: unique in the process, and unlikely to meet those of another run.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    private static long _last = DateTime.UtcNow.Ticks;

    /// <summary>Thirteen digits of five bits, most significant first.</summary>
    public static string Next() => string.Create(13, Interlocked.Increment(ref _last), static (text, value) =>
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(value & 31)];
            value = (long)((ulong)value >> 5);
        }
    });
}
