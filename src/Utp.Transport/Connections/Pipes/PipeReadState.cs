using System.IO.Pipelines;

namespace Utp.Transport.Connections.Pipes;

/// <summary>What <see cref="PipeReader.AdvanceTo(SequencePosition)"/> means after the last read. The states are those of <see cref="Pipe"/>.</summary>
internal enum PipeReadState : byte
{
    /// <summary>There is nothing to advance.</summary>
    None,

    /// <summary>The read was cancelled or found nothing. The reader may advance, or read again at once.</summary>
    MayAdvance,

    /// <summary>The reader must advance before it reads again.</summary>
    MustAdvance,
}
