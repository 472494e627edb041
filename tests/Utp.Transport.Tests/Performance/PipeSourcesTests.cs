using System.IO.Pipelines;

namespace Utp.Transport.Tests.Performance;

public sealed class PipeSourcesTests
{
    [Fact]
    public void Of_PipesOfThisRuntime_AreSources()
    {
        var pipe = new Pipe();

        Assert.NotNull(PipeSources.Of(pipe.Reader));
        Assert.NotNull(PipeSources.Of(pipe.Writer));
    }
}
