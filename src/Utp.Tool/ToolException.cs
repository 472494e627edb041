namespace Utp.Tool;

/// <summary>A failure that one line explains.</summary>
internal class ToolException : Exception
{
    public ToolException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A command line that makes no sense.</summary>
internal sealed class UsageException(string message) : ToolException(message);
