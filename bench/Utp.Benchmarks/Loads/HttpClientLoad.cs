using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Utp.Benchmarks.Loads;

/// <summary>
/// A minimal HTTP/1.1 client, because the server is measured and not the client. Every answer has the same length.
/// </summary>
internal static class HttpClientLoad
{
    public static readonly byte[] Request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    private static readonly byte[] Tail = "Hello, World!"u8.ToArray();

    public static async ValueTask RequestOnceAsync(LoadTransport transport, ConnectionContext? connection, byte[] request)
    {
        await connection!.Transport.Output.WriteAsync(request);
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync();
            if (EndsWithTail(read.Buffer))
            {
                input.AdvanceTo(read.Buffer.End);
                return;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new InvalidOperationException("The server closed the connection.");
            }
        }
    }

    private static bool EndsWithTail(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < Tail.Length)
        {
            return false;
        }

        Span<byte> end = stackalloc byte[Tail.Length];
        buffer.Slice(buffer.Length - Tail.Length).CopyTo(end);
        return end.SequenceEqual(Tail);
    }
}
