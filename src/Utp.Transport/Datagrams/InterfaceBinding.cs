using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace Utp.Transport.Datagrams;

/// <summary>Binds a socket to a network interface (SO_BINDTODEVICE of Linux): it then sends and receives through that interface only.</summary>
internal static class InterfaceBinding
{
    private const int SocketLevel = 1;
    private const int BindToDevice = 25;

    /// <summary>Binds a socket that is not bound to an address yet. Without a name, the socket stays as it is.</summary>
    /// <exception cref="InvalidOperationException">The system has no such interface, or refuses. The message names the option and the remedy.</exception>
    public static void Apply(Socket socket, string? name)
    {
        if (name is null)
        {
            return;
        }

        if (!OperatingSystem.IsLinux())
        {
            throw Refused(name, "which needs Linux. Remove the key, and bind to an address of the interface instead", null);
        }

        if (!NamesOfThisHost().Contains(name, StringComparer.Ordinal))
        {
            throw Refused(name, $"and there is no such interface. This host has {string.Join(", ", NamesOfThisHost())}. Correct the name", null);
        }

        try
        {
            socket.SetRawSocketOption(SocketLevel, BindToDevice, Encoding.UTF8.GetBytes(name + '\0'));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw Refused(name, "and this process may not bind to an interface. Kernels before 5.7 need the capability CAP_NET_RAW for it: grant it", e);
        }
        catch (SocketException e)
        {
            throw Refused(name, $"and the system refuses: {e.Message.TrimEnd('.')}. Remove the key, or choose another interface", e);
        }
    }

    /// <summary>Makes the error about an interface that cannot be used.</summary>
    public static InvalidOperationException Refused(string name, string why, Exception? cause) =>
        new($"Utp:Transport:NetworkInterface is '{name}', {why}.", cause);

    private static string[] NamesOfThisHost() => Array.ConvertAll(NetworkInterface.GetAllNetworkInterfaces(), found => found.Name);
}
