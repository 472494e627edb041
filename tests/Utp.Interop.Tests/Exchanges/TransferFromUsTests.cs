using System.Diagnostics;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Bulk data from us to libutp.</summary>
public sealed class TransferFromUsTests
{
    public static TheoryData<Dialler, string> Matrix => Transfers.Matrix();

    [PeerTheory]
    [MemberData(nameof(Matrix))]
    public async Task Transfer_FromUs_ArrivesHashEqual(Dialler dialler, string path)
    {
        var bytes = Transfers.OurBytes(path);
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 11);
        var watch = Stopwatch.StartNew();

        await Transfers.FromUsAsync(meeting, bytes);

        InteropTable.Record("bulk, from us", dialler, path, bytes, watch.Elapsed);
    }

    /// <summary>libutp skips the extensions that make a packet a probe, acknowledges it and delivers its payload.</summary>
    [PeerFact]
    public async Task Probes_ArePaddedByExtensions_AndTaken()
    {
        await using var meeting = await Meeting.StartAsync(Dialler.WeDial, configure: options => options.MtuCeiling = 4_000);

        await Transfers.FromUsAsync(meeting, 4 << 20);

        Assert.Equal(4_000, meeting.Ours.Statistics.PathMtuBytes);
    }
}
