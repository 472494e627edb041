using System.Security.Cryptography;

namespace Utp.Tool.Files;

/// <summary>
/// A file that is being received: under a temporary name beside its final one, and gone unless <see cref="Commit"/> gives it that name. The
/// directory never has a partial file under a final name, whatever happens to the process.
/// </summary>
internal sealed class PartialFile : IAsyncDisposable
{
    public const string Suffix = ".utp-partial";

    private readonly FileStream _file;
    private readonly string _finalPath;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _committed;

    private PartialFile(FileStream file, string finalPath)
    {
        _file = file;
        _finalPath = finalPath;
    }

    /// <summary>Creates the temporary file.</summary>
    /// <param name="directory">Where; the final name goes there too.</param>
    /// <param name="name">The final name, already judged by <see cref="FileNames.Check"/>.</param>
    /// <param name="size">The size that it will have, so that a full disk is noticed at once.</param>
    public static PartialFile Create(string directory, string name, long size)
    {
        var finalPath = Path.Combine(directory, name);

        // A short name of its own: the final one may already have the greatest length that there is.
        var path = Path.Combine(directory, $".{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}{Suffix}");
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
            PreallocationSize = size,
        });
        return new PartialFile(file, finalPath);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _hash.AppendData(bytes.Span);
        await _file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The SHA-256 of what was written.</summary>
    public byte[] GetHash() => _hash.GetHashAndReset();

    /// <summary>Gives the file its final name, in one step and after its bytes are on the disk.</summary>
    /// <exception cref="IOException">The name is taken, and <paramref name="overwrite"/> is false.</exception>
    public void Commit(DateTime modifiedUtc, bool overwrite)
    {
        _file.Flush(flushToDisk: true);
        File.SetLastWriteTimeUtc(_file.SafeFileHandle, modifiedUtc);
        _file.Dispose();
        File.Move(_file.Name, _finalPath, overwrite);
        _committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _file.DisposeAsync().ConfigureAwait(false);
        if (!_committed)
        {
            File.Delete(_file.Name);
        }
    }
}
