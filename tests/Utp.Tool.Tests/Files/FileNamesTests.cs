using Utp.Tool.Files;

namespace Utp.Tool.Tests.Files;

public class FileNamesTests
{
    [Theory]
    [InlineData("report.pdf")]
    [InlineData(".profile")]
    [InlineData("two words.tar.gz")]
    [InlineData("…ünïcödé")]
    [InlineData("..hidden")]
    [InlineData("a..b")]
    [InlineData("COM")]
    [InlineData("COM10")]
    [InlineData("console.log")]
    public void Check_PlainName_IsAllowed(string name) => Assert.Null(FileNames.Check(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../up")]
    [InlineData("/etc/passwd")]
    [InlineData("in/side")]
    [InlineData("..\\up")]
    [InlineData("C:\\Windows")]
    [InlineData("C:")]
    [InlineData("file:stream")]
    [InlineData("nul\0byte")]
    [InlineData("line\nbreak")]
    [InlineData("\u001b[31mred")]
    [InlineData("CON")]
    [InlineData("nul.txt")]
    [InlineData("com1.log")]
    [InlineData("LPT9")]
    [InlineData("dot.")]
    [InlineData("space ")]
    [InlineData(" space")]
    [InlineData("what?")]
    [InlineData(".x.utp-partial")]
    public void Check_NameThatCouldLeadElsewhere_IsRefused(string name) => Assert.NotNull(FileNames.Check(name));

    [Fact]
    public void Check_LongName_IsRefusedByItsBytes()
    {
        Assert.Null(FileNames.Check(new string('x', 255)));
        Assert.NotNull(FileNames.Check(new string('x', 256)));
        Assert.NotNull(FileNames.Check(new string('ü', 128)));
    }
}
