namespace Utp.Transport.Connections;

/// <summary>Creates the ids of connections in logs. They are unique in the process, and unlikely to be those of another run.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    private static long _last = DateTime.UtcNow.Ticks;

    /// <summary>Creates the next id: thirteen digits of five bits, most significant first.</summary>
    public static string Next() => string.Create(13, Interlocked.Increment(ref _last), static (text, value) =>
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(value & 31)];
            value = (long)((ulong)value >> 5);
        }
    });
}
