namespace Utp.Tool.Bench;

/// <summary>What a benchmark does, seen from the connecting side.</summary>
internal enum BenchMode
{
    /// <summary>The connecting side sends.</summary>
    Send = 1,

    /// <summary>The listening side sends.</summary>
    Receive,

    /// <summary>Messages go back and forth, one at a time on each stream.</summary>
    Echo,

    /// <summary>Connections open one after the other; one byte goes back and forth on each.</summary>
    Connect,
}
