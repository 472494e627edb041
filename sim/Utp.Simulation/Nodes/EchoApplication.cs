namespace Utp.Simulation.Nodes;

/// <summary>Writes back everything that it reads, and finishes when its peer does.</summary>
internal sealed class EchoApplication : IStreamApplication
{
    public void OnOpened(StreamEnd end)
    {
    }

    public void OnPayload(StreamEnd end, ReadOnlySpan<byte> payload)
    {
        end.Write(payload);
        end.Consume(payload.Length);
        end.Flush();
    }

    public void OnRoom(StreamEnd end)
    {
    }

    public void OnPeerFinished(StreamEnd end) => end.Finish();

    public void OnClosed(StreamEnd end)
    {
    }
}
