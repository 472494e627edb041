using System.Net;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Exchanges;

/// <summary>Our side on IPv6. utp-native knows IPv4 only, so the relay translates.</summary>
public sealed class AddressFamilyTests
{
    private const long Bytes = 1 << 20;

    [PeerTheory]
    [InlineData(Dialler.WeDial)]
    [InlineData(Dialler.TheyDial)]
    public async Task Transfer_OurSideOnIPv6_ArrivesHashEqual(Dialler dialler)
    {
        await using var meeting = await Meeting.StartAsync(dialler, ourAddress: IPAddress.IPv6Loopback);

        await Task.WhenAll(Transfers.FromUsAsync(meeting, Bytes), Transfers.FromThemAsync(meeting, Bytes));

        InteropTable.Record("both ways at once, our side on ::1", dialler, "through the relay", Bytes);
    }
}
