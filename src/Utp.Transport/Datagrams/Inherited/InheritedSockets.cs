using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Utp.Transport.Datagrams.Linux;

namespace Utp.Transport.Datagrams.Inherited;

/// <summary>
/// The UDP sockets that the service manager has opened for this process: socket activation, sd_listen_fds(3) of systemd. A bind to the address of one
/// of them uses it, so that datagrams that came before the process started are received, and that ports below 1,024 need no privilege.
/// </summary>
internal sealed class InheritedSockets
{
    /// <summary><c>SD_LISTEN_FDS_START</c>: the first descriptor after the standard ones.</summary>
    private const int FirstDescriptor = 3;

    /// <summary>The most descriptors that are looked at, so that a wrong number in the environment costs no time.</summary>
    private const int MaxDescriptors = 1_024;

    private readonly List<(int Descriptor, IPEndPoint LocalEndPoint)> _sockets = [];

    /// <param name="processId">The id of this process: the variables may be those of a parent process.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="firstDescriptor">The first descriptor; tests choose another one.</param>
    public InheritedSockets(int processId, Func<string, string?> variable, int firstDescriptor = FirstDescriptor)
    {
        if (!OperatingSystem.IsLinux() || Number(variable("LISTEN_PID")) != processId)
        {
            return;
        }

        var count = Math.Min(Number(variable("LISTEN_FDS")), MaxDescriptors);
        for (var descriptor = firstDescriptor; descriptor < firstDescriptor + count; descriptor++)
        {
            if (LocalEndPointOf(descriptor) is { } local)
            {
                // Programs that this one starts must not hold the port open.
                _ = LibC.ControlFile(descriptor, LibC.SetDescriptorFlags, LibC.CloseOnExec);
                _sockets.Add((descriptor, local));
            }
        }
    }

    /// <summary>Gets those of this process.</summary>
    public static InheritedSockets OfThisProcess { get; } = new(Environment.ProcessId, Environment.GetEnvironmentVariable);

    /// <summary>Opens the socket that is bound to an endpoint; null if none is.</summary>
    /// <remarks>
    /// The caller gets a duplicate, and the original stays open, as with the service manager: after a failure, a listener binds again and finds it.
    /// </remarks>
    public Socket? TryOpen(IPEndPoint local)
    {
        foreach (var (descriptor, bound) in _sockets)
        {
            if (bound.Equals(local))
            {
                return OpenDuplicate(descriptor);
            }
        }

        return null;
    }

    private static IPEndPoint? LocalEndPointOf(int descriptor)
    {
        try
        {
            using var socket = OpenDuplicate(descriptor);
            var isUdp = socket is { SocketType: SocketType.Dgram, AddressFamily: AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 };
            return isUdp ? socket.LocalEndPoint as IPEndPoint : null;
        }
        catch (SocketException)
        {
            // The descriptor is closed, or is no socket: it belongs to another part of the program.
            return null;
        }
    }

    private static Socket OpenDuplicate(int descriptor)
    {
        var duplicate = LibC.ControlFile(descriptor, LibC.DuplicateCloseOnExec, 0);
        return duplicate >= 0
            ? new Socket(new SafeSocketHandle(duplicate, ownsHandle: true))
            : throw new SocketException((int)SocketError.NotSocket);
    }

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
