using Google.Protobuf;
using Grpc.Core;

namespace Utp.Consumers.Tests.Grpc;

internal sealed class EchoService(Abandoned abandoned) : Echo.EchoBase
{
    public override Task<Message> One(Message request, ServerCallContext context) => Task.FromResult(request);

    public override async Task Down(Count request, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        for (var index = 0; index < request.Value; index++)
        {
            await responseStream.WriteAsync(new Message { Payload = ByteString.CopyFromUtf8($"{index}") }, context.CancellationToken);
        }
    }

    public override async Task<Count> Up(IAsyncStreamReader<Message> requestStream, ServerCallContext context)
    {
        var sum = 0;
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            sum += message.Payload.Length;
        }

        return new Count { Value = sum };
    }

    public override async Task Both(IAsyncStreamReader<Message> requestStream, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }

    public override async Task<Message> Never(Message request, ServerCallContext context)
    {
        abandoned.Entered.TrySetResult();
        using var registration = context.CancellationToken.Register(() => abandoned.Cancelled.TrySetResult());
        await Task.Delay(Timeout.Infinite, context.CancellationToken);
        return request;
    }
}

/// <summary>What the server has seen of a call that its client has given up.</summary>
internal sealed class Abandoned
{
    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
