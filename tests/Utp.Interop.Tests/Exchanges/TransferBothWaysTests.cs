using System.Diagnostics;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Bulk data in both directions of one connection at the same time.</summary>
public sealed class TransferBothWaysTests
{
    public static TheoryData<Dialler, string> Matrix => Transfers.Matrix();

    [PeerTheory]
    [MemberData(nameof(Matrix))]
    public async Task Transfer_BothWaysAtOnce_ArrivesHashEqual(Dialler dialler, string path)
    {
        var bytes = Transfers.TheirBytes(path);
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 13);
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(Transfers.FromUsAsync(meeting, bytes), Transfers.FromThemAsync(meeting, bytes));

        InteropTable.Record("bulk, both ways at once", dialler, path, bytes, watch.Elapsed);
    }
}
