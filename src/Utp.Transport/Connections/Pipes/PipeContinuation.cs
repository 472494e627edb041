namespace Utp.Transport.Connections.Pipes;

/// <summary>What awaited an operation that has ended.</summary>
internal readonly struct PipeContinuation(Action<object?> continuation, object? state, ExecutionContext? context)
{
    public void Run()
    {
        if (context is null)
        {
            continuation(state);
        }
        else
        {
            ExecutionContext.Run(context, static boxed => ((PipeContinuation)boxed!).RunHere(), this);
        }
    }

    private void RunHere() => continuation(state);
}
