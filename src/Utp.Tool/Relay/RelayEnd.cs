using System.Net.Sockets;

namespace Utp.Tool.Relay;

/// <summary>One end of a relayed connection: bytes, and the three ways to end.</summary>
internal abstract class RelayEnd(Stream stream, string name) : IAsyncDisposable
{
    public Stream Stream => stream;

    /// <summary>Protocol and address of the peer.</summary>
    public string Name => name;

    /// <summary>Ends the sending of this end, after what was written.</summary>
    public abstract ValueTask CompleteWritesAsync();

    /// <summary>Resets.</summary>
    public abstract void Abort();

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}

/// <summary>An end over uTP.</summary>
internal sealed class UtpRelayEnd(UtpStream stream) : RelayEnd(stream, $"utp {stream.RemoteEndPoint}")
{
    public override ValueTask CompleteWritesAsync() => stream.CompleteWritesAsync();

    public override void Abort() => stream.Abort();
}

/// <summary>An end over TCP. A bare socket, because Kestrel's connections cannot close one direction only.</summary>
internal sealed class TcpRelayEnd(Socket socket) : RelayEnd(new NetworkStream(socket, ownsSocket: true), $"tcp {Addresses.Format(socket.RemoteEndPoint)}")
{
    public override ValueTask CompleteWritesAsync()
    {
        socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public override void Abort()
    {
        try
        {
            // Closing without lingering is what sends a RST.
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended on its own.
        }
    }
}
