using Utp.Simulation.Randomness;

namespace Utp.Protocol.Tests.Harness;

/// <summary>Draws given numbers first (connection id, initial number, jitter, ...), and then goes on from a seed.</summary>
internal sealed class ScriptedRandomSource(params uint[] first) : IRandomSource
{
    private readonly SeededRandomSource _rest = new(99);
    private int _drawnCount;

    public uint NextUInt32() => _drawnCount < first.Length ? first[_drawnCount++] : _rest.NextUInt32();
}
