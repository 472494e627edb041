using System.Diagnostics;
using Utp.Interop.Tests.Harness;
using Utp.Interop.Tests.Relay;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Bulk data from libutp to us.</summary>
public sealed class TransferFromThemTests
{
    public static TheoryData<Dialler, string> Matrix => Transfers.Matrix();

    [PeerTheory]
    [MemberData(nameof(Matrix))]
    public async Task Transfer_FromThem_ArrivesHashEqual(Dialler dialler, string path)
    {
        var bytes = Transfers.TheirBytes(path);
        await using var meeting = await Meeting.StartAsync(dialler, Paths.Of(path), seed: 12);
        var watch = Stopwatch.StartNew();

        await Transfers.FromThemAsync(meeting, bytes);

        InteropTable.Record("bulk, from them", dialler, path, bytes, watch.Elapsed);
    }
}
