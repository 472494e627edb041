using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>
/// Bulk data over every path, compared by SHA-256. The size is 64 MiB wherever that takes seconds, and everywhere when UTP_LONG_TESTS is 1. libutp
/// waits a second or more whenever a retransmission of its own, or the acknowledgement of one, is lost; so it sends less over lossy paths.
/// </summary>
internal static class Transfers
{
    private const long Full = 64 << 20;
    private const uint OurSeed = 7;
    private const uint TheirSeed = 9;

    /// <summary>Both roles over every path.</summary>
    public static TheoryData<Dialler, string> Matrix()
    {
        var data = new TheoryData<Dialler, string>();
        foreach (var path in Paths.All)
        {
            data.Add(Dialler.WeDial, path);
            data.Add(Dialler.TheyDial, path);
        }

        return data;
    }

    public static long OurBytes(string path) => LongTests.AreEnabled ? Full : path switch
    {
        Paths.Loss2 or Paths.Hostile => 16 << 20,
        Paths.Loss5 => 8 << 20,
        Paths.Delay => 32 << 20,
        _ => Full,
    };

    public static long TheirBytes(string path) => LongTests.AreEnabled ? Full : path switch
    {
        Paths.Clean or Paths.Reordering or Paths.Duplication => Full,
        Paths.Delay => 8 << 20,
        Paths.Loss2 => 2 << 20,
        _ => 1 << 20,
    };

    public static async Task FromUsAsync(Meeting meeting, long bytes)
    {
        var receiving = meeting.Theirs.ReceiveAsync(bytes);
        await meeting.Ours.SendAsync(OurSeed, bytes).WaitAsync(LongTests.TransferPatience);
        var received = await receiving;
        Assert.Equal((bytes, PayloadSource.Sha256Of(OurSeed, bytes)), (received.ReceivedBytes, received.Sha256));
    }

    public static async Task FromThemAsync(Meeting meeting, long bytes)
    {
        var sending = meeting.Theirs.SendAsync(TheirSeed, bytes);
        var received = await meeting.Ours.ReceiveAsync(bytes).WaitAsync(LongTests.TransferPatience);
        await sending;
        Assert.Equal((bytes, PayloadSource.Sha256Of(TheirSeed, bytes)), (received.Bytes, received.Sha256));
    }
}
