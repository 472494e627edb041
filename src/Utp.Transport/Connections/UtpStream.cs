using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

/// <summary>A connection as a <see cref="Stream"/>.</summary>
public sealed class UtpStream : Stream
{
    /// <summary>Initializes a stream over the pipes of a connection.</summary>
    /// <param name="connection">The connection; disposing the stream closes it.</param>
    public UtpStream(ConnectionContext connection) => ArgumentNullException.ThrowIfNull(connection);

    /// <inheritdoc />
    public override bool CanRead => throw new NotImplementedException();

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => throw new NotImplementedException();

    /// <inheritdoc />
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override void Flush() => throw new NotImplementedException();

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => throw new NotImplementedException();

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => throw new NotImplementedException();
}
