namespace Utp.Tool;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var interruption = new Interruption();
        using var signals = interruption.ListenToSignals();
        return await UtpTool.RunAsync(args, ToolConsole.OfProcess(), interruption).ConfigureAwait(false);
    }
}
