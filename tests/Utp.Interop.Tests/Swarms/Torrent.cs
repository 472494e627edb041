using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Utp.Interop.Tests.Swarms;

/// <summary>A torrent of one file with pseudo-random content, in a temporary folder, and the folders of its peers. It names no tracker.</summary>
internal sealed class Torrent : IDisposable
{
    public const int PieceBytes = 64 * 1024;

    private const string ContentName = "content";

    private readonly string _folder = Directory.CreateTempSubdirectory("utp-swarm-").FullName;
    private readonly byte[] _content;
    private int _copies;

    public Torrent(int pieces, uint seed)
    {
        Pieces = pieces;
        _content = new byte[pieces * PieceBytes];
        new PayloadSource(seed).Fill(_content);
        MetainfoPath = Path.Combine(_folder, "content.torrent");
        File.WriteAllBytes(MetainfoPath, Metainfo());
    }

    public int Pieces { get; }

    public long Bytes => _content.Length;

    /// <summary>The file that peers are given (BEP 3).</summary>
    public string MetainfoPath { get; }

    /// <summary>A folder with nothing of the content.</summary>
    public string AddEmptyFolder() => Directory.CreateDirectory(Path.Combine(_folder, _copies++.ToString(CultureInfo.InvariantCulture))).FullName;

    /// <summary>A folder with these pieces of the content, and zeros in place of the others.</summary>
    public string AddFolder(Range pieces)
    {
        var folder = AddEmptyFolder();
        var (first, count) = pieces.GetOffsetAndLength(Pieces);
        var file = new byte[_content.Length];
        _content.AsSpan(first * PieceBytes, count * PieceBytes).CopyTo(file.AsSpan(first * PieceBytes));
        File.WriteAllBytes(Path.Combine(folder, ContentName), file);
        return folder;
    }

    /// <summary>Compares what a peer has stored with the content.</summary>
    public void AssertComplete(string folder) =>
        Assert.True(File.ReadAllBytes(Path.Combine(folder, ContentName)).AsSpan().SequenceEqual(_content), "the stored file differs from the content");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private byte[] Metainfo()
    {
        using var stream = new MemoryStream();
        Write($"d4:infod6:lengthi{_content.Length}e4:name{ContentName.Length}:{ContentName}");
        Write($"12:piece lengthi{PieceBytes}e6:pieces{Pieces * SHA1.HashSizeInBytes}:");
        for (var piece = 0; piece < Pieces; piece++)
        {
            stream.Write(Hash(_content.AsSpan(piece * PieceBytes, PieceBytes)));
        }

        Write($"ee");
        return stream.ToArray();

        void Write(FormattableString text) => stream.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
    }

#pragma warning disable CA5350 // BitTorrent's pieces have SHA-1 hashes (BEP 3).
    private static byte[] Hash(ReadOnlySpan<byte> piece) => SHA1.HashData(piece);
#pragma warning restore CA5350
}
