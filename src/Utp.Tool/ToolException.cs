namespace Utp.Tool;

/// <summary>A failure that one line explains.</summary>
internal class ToolException : Exception
{
    public ToolException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A wrong command line.</summary>
internal sealed class UsageException(string message) : ToolException(message);
