namespace Utp.Tests;

/// <summary>Assertions about the repository. Their messages say what to do, so none of them may be cut.</summary>
internal static class Breaches
{
    /// <summary>Fails with all sentences, each on its own line, if there are any.</summary>
    public static void AssertNone(IEnumerable<string> sentences)
    {
        var all = sentences.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }
}
