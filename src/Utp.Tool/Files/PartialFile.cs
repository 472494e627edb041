using System.Security.Cryptography;

namespace Utp.Tool.Files;

/// <summary>
/// A file that is being received. It has a temporary name in the directory of its final one, and is deleted unless <see cref="Commit"/> gives it
/// the final name. So the directory never has a partial file under a final name, whatever happens to the process.
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
    /// <param name="directory">The directory of the temporary and of the final name.</param>
    /// <param name="name">The final name, already checked by <see cref="FileNames.Check"/>.</param>
    /// <param name="size">The size that it will have, so that a full disk is noticed at once.</param>
    public static PartialFile Create(string directory, string name, long size)
    {
        var finalPath = Path.Combine(directory, name);

        // The temporary name is short, because the final one may already have the maximum length.
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
