namespace Utp.Transport.Tests.Diagnostics;

/// <summary>A simulated disk whose speed and room the test controls.</summary>
internal sealed class GatedStream : MemoryStream
{
    private readonly ManualResetEventSlim _open = new(initialState: true);

    /// <summary>Set while a write waits for the gate.</summary>
    public ManualResetEventSlim IsWaiting { get; } = new();

    /// <summary>Number of bytes that still fit.</summary>
    public long Room { get; set; } = long.MaxValue;

    public void CloseGate() => _open.Reset();

    public void OpenGate() => _open.Set();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_open.IsSet)
        {
            IsWaiting.Set();
            _open.Wait();
        }

        if (Length + buffer.Length > Room)
        {
            throw new IOException("No space left on device.");
        }

        base.Write(buffer);
    }
}
