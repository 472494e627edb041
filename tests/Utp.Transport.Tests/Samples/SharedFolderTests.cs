using HttpOverUtp;

namespace Utp.Transport.Tests.Samples;

/// <summary>The files that the sample's folder serves, and those that it refuses.</summary>
public sealed class SharedFolderTests : IDisposable
{
    private readonly DirectoryInfo _outside = Directory.CreateTempSubdirectory("utp-folder-");
    private readonly SharedFolder _folder;

    public SharedFolderTests()
    {
        var root = _outside.CreateSubdirectory("root");
        root.CreateSubdirectory("sub");
        File.WriteAllText(Path.Combine(root.FullName, "a.txt"), "a");
        File.WriteAllText(Path.Combine(root.FullName, "sub", "b.txt"), "bb");
        File.WriteAllText(Path.Combine(_outside.FullName, "secret"), "secret");
        File.WriteAllText(Path.Combine(_outside.FullName, "root-secret"), "secret");
        File.CreateSymbolicLink(Path.Combine(root.FullName, "link"), Path.Combine(_outside.FullName, "secret"));
        Directory.CreateSymbolicLink(Path.Combine(root.FullName, "up"), _outside.FullName);
        _folder = new SharedFolder(root.FullName);
    }

    public void Dispose() => _outside.Delete(recursive: true);

    [Fact]
    public void List_HasFilesOfAllDepthsAndNoLinks() =>
        Assert.Equal([new SharedFile("a.txt", 1), new SharedFile("sub/b.txt", 2)], _folder.List());

    [Theory]
    [InlineData("a.txt")]
    [InlineData("sub/b.txt")]
    public void Find_OfAListedFile_IsItsPath(string path) => Assert.True(File.Exists(_folder.Find(path)));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("sub")]
    [InlineData("nothing")]
    [InlineData("../secret")]
    [InlineData("sub/../../secret")]
    [InlineData("sub/../a.txt")]
    [InlineData("./a.txt")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\secret")]
    [InlineData("../root-secret")]
    [InlineData("link")]
    [InlineData("up/secret")]
    [InlineData("a.txt/")]
    [InlineData("a.txt\0")]
    [InlineData("sub//b.txt")]
    public void Find_OfAnythingElse_IsNull(string path) => Assert.Null(_folder.Find(path));
}
